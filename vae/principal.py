"""The first principal plane of encodings: the two directions along which they vary most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vae.chart import Chart


def principal_chart(z_loc: NDArray[np.floating]) -> Chart:
    """Two directions, or the only one, through the mean of codes (N, D): eigenvectors of their covariance.

    Named by the share of the variance that each explains (Pearson 1901). Of either sign of a direction the
    one is taken whose largest part is positive.
    """
    z = np.asarray(z_loc, np.float64)
    middle = z.mean(0)
    values, vectors = np.linalg.eigh(np.cov(z - middle, rowvar=False, bias=True).reshape(z.shape[1], -1))
    first = np.argsort(-values, kind="stable")[:2]
    directions = vectors[:, first].T
    largest = np.abs(directions).argmax(1)
    directions *= np.sign(directions[np.arange(len(directions)), largest])[:, None]
    shares = values[first] / max(float(values.sum()), np.finfo(np.float64).tiny)
    names = tuple(f"PC {place} ({100 * share:.0f} %)" for place, share in enumerate(shares.tolist(), start=1))
    return Chart(middle.astype(np.float32), directions.astype(np.float32), names)
