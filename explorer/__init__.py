"""The window: train a variational autoencoder and walk through its latent plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from explorer.main_window import MainWindow

__all__ = ["launch"]


def launch(model: object, images: object, labels: object = None) -> MainWindow:
    """Explore a model of your own, from a script or a notebook.

    Where a Qt application is there already, as in a notebook after ``%gui qt``, the window is shown and
    the next line runs at once; otherwise this returns when the window is closed.

    Args:
        model: a torch module, or anything else that has two functions; a torch module is put into evaluation
            mode. ``encode(x) -> (z_loc, z_scale)``: mean and standard deviation of q(z|x), (B, D) each.
            ``decode(z) -> images``: the mean of p(x|z), in [0, 1]. x comes in the layout of ``images``, as
            float32 in [0, 1]; both may work with tensors or with numpy arrays. Without a function
            ``log_likelihood(x, z)`` -> (B,) of its own, pixels are scored as Bernoulli.
        images: (N, H, W), (N, C, H, W) or (N, H, W, C), with 1 or 3 channels: uint8, or floating point in
            [0, 1]. The window keeps them as uint8.
        labels: (N,) numbers or names of classes, if there are any.

    Returns:
        The window.

    Raises:
        vae.errors.AdapterError: images, labels and functions do not fit together; the sentence says where.
    """
    import torch  # noqa: F401 - on Windows its libraries do not load after Qt's

    from explorer.launcher import open_window_on

    return open_window_on(model, images, labels)
