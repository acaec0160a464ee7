"""What the plane worker is asked to compute, and its answers: frozen, stamped with the model's version."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from explorer.messages import Failure
from vae.chart import Chart
from vae.dataset import Dataset, Part
from vae.gap_sample import GapSample
from vae.maps import MapKind
from vae.tiles import TileGrid

if TYPE_CHECKING:
    from vae import VAE, Curve, Encodings, ExactPosterior, Gaps, NearData, Posterior, Units
    from vae.aggregate import Share, Surgery
    from vae.magnification import Indicatrices
    from vae.manifold import ManifoldPlan


@dataclass(frozen=True)
class PosteriorRequest:
    """Encode one picture. The latest request wins."""

    version: int
    picture: NDArray[np.uint8]  # (C, H, W)
    label: int | None  # its own, where it is known and the model is told it
    noise: float  # standard deviation of what is added before it is encoded


@dataclass(frozen=True)
class ManifoldRequest:
    """Decode the tiles of ``grid``. The latest request wins."""

    version: int
    grid: TileGrid
    chart: Chart
    z: NDArray[np.float32]  # (D,) a code to take from what the chart does not show
    label: int | None  # what the decoder is told, if it is told any
    cursor: tuple[float, float]  # the tiles around this place are decoded first


@dataclass(frozen=True)
class PointsRequest:
    """Encode pictures, or none any more. The latest request wins."""

    version: int
    dataset: str
    part: Part
    pictures: NDArray[np.uint8]  # (N, C, H, W)
    labels: NDArray[np.int64]  # (N,)


@dataclass(frozen=True)
class EvidenceRequest:
    """Find p(z|x) of one picture exactly, and why its ELBO is below log p(x). The latest request wins."""

    version: int
    picture: NDArray[np.uint8]  # (C, H, W)
    label: int | None  # its own, where it is known and the model has a use for it
    noise: float  # standard deviation of what is added before it is encoded


@dataclass(frozen=True)
class GridDecoded:
    """How much there is of the grid of codes that exact inference begins with."""

    request: EvidenceRequest
    share: float  # in [0, 1]


@dataclass(frozen=True, eq=False)
class EvidenceFound:
    """p(z|x) of one picture: coarse, then refined."""

    request: EvidenceRequest
    exact: ExactPosterior


@dataclass(frozen=True, eq=False)
class GapsFound:
    """What follows it."""

    request: EvidenceRequest
    gaps: Gaps


@dataclass(frozen=True)
class EvidenceRefused:
    """p(z|x) cannot be computed."""

    request: EvidenceRequest
    why: str  # a sentence


@dataclass(frozen=True)
class WriteManifold:
    """Write a picture of what a model decodes to. The model is the worker's own."""

    path: Path
    model: VAE
    plan: ManifoldPlan


@dataclass(frozen=True)
class CancelManifold:
    """Write no longer, if a picture is being written; nothing of it is left."""


@dataclass(frozen=True)
class PosteriorFound:
    """One picture is encoded."""

    request: PosteriorRequest
    posterior: Posterior


@dataclass(frozen=True)
class Manifold:
    """Decoded tiles as one picture."""

    version: int
    grid: TileGrid
    picture: NDArray[np.uint8]  # (C, rows x H, columns x W)
    level: int  # some tiles are parts of others that are 2**level times as large; 0 when all are sharp
    source: int  # the same for the same label, chart and code beyond the plane


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Larger tiles that reach beyond the view: what is seen first by who zooms out or moves on."""

    version: int
    grid: TileGrid
    picture: NDArray[np.uint8]  # (C, rows x H, columns x W)
    source: int  # as of a Manifold


@dataclass(frozen=True)
class Points:
    """Encoded pictures of a data set, the first of a part, and what the model knows of their classes."""

    version: int
    dataset: str
    part: Part
    encodings: Encodings
    components: NDArray[np.int64] | None = None  # (N,) argmax q(c|x), of a mixture
    accuracy: float | None = None  # of argmax p(y|z) at their means, of a model of labels


@dataclass(frozen=True)
class PointsProgress:
    """Pictures are being encoded."""

    request: PointsRequest
    share: float


@dataclass(frozen=True, eq=False)
class NearDataRequest:
    """Arrange encoded images so that it is quick to say what is near a code. The latest request wins."""

    version: int
    encodings: Encodings


@dataclass(frozen=True, eq=False)
class NearDataFound:
    """They are arranged."""

    request: NearDataRequest
    data: NearData


@dataclass(frozen=True, eq=False)
class EncodedImages:
    """A data set's images where they are encoded; the same one is meant only by the same object."""

    encodings: Encodings
    images: NDArray[np.uint8] | None  # (N, C, H, W), where they are open


@dataclass(frozen=True, eq=False)
class MapRequest:
    """Find a map of what is in view. The latest request wins."""

    version: int
    kind: MapKind | None  # None to stop looking for one
    view: tuple[float, float, float, float]  # left, right, bottom, top
    chart: Chart
    z: NDArray[np.float32]  # (D,) a code to take from what the chart does not show
    label: int | None  # what the decoder is told, if it is told any
    data: EncodedImages | None  # of a map that needs them


@dataclass(frozen=True, eq=False)
class MapFound:
    """A map, coarse or fine; what is not a number has nothing to tell."""

    request: MapRequest
    grid: TileGrid
    values: NDArray[np.float32]  # (rows, columns), the top row first; of a map of classes, how sure it is
    labels: NDArray[np.int64] | None = None  # (rows, columns) of a map of classes
    holes: tuple[NDArray[np.float64], ...] = ()  # outlines of q(z)'s holes, (S, 2) each
    indicatrices: Indicatrices | None = None
    images: tuple[int, int] | None = None  # how many it is a mean of so far, and in the end


@dataclass(frozen=True, eq=False)
class DataGapsRequest:
    """Find the gaps of images, one after the other. The latest request wins."""

    version: int
    images: NDArray[np.uint8]  # (N, C, H, W); the same memory means the same images
    labels: NDArray[np.int64]  # (N,)
    go_on: bool = True  # False to find no more; what is found is kept


@dataclass(frozen=True, eq=False)
class DataGapsFound:
    """All that are known by now."""

    request: DataGapsRequest
    sample: GapSample


@dataclass(frozen=True)
class DataGapsRefused:
    """They cannot be computed."""

    request: DataGapsRequest
    why: str  # a sentence


@dataclass(frozen=True, eq=False)
class AggregateFound:
    """What q(z) against p(z) comes to in numbers, more exact with every answer."""

    request: MapRequest
    surgery: Surgery
    holes: Share | None  # of the prior's mass; None where it is not known


@dataclass(frozen=True, eq=False)
class PathRequest:
    """Measure the straight line between two codes, and what is known of the geodesic. The latest wins."""

    version: int
    a: NDArray[np.float32]  # (D,)
    b: NDArray[np.float32]  # (D,)
    label: int | None  # what the decoder is told, if it is told any
    known: NDArray[np.float32] | None  # (K, D) the geodesic under similar weights


@dataclass(frozen=True, eq=False)
class GeodesicRequest:
    """Find the geodesic between them. The latest request wins."""

    path: PathRequest

    @property
    def version(self) -> int:
        """Of the model."""
        return self.path.version


@dataclass(frozen=True, eq=False)
class Film:
    """A path, and its pictures at equal shares of the way."""

    curve: Curve
    pictures: NDArray[np.uint8]  # (N, C, H, W)


@dataclass(frozen=True, eq=False)
class PathFound:
    """The straight line, and the shortest path found so far."""

    request: PathRequest
    straight: Film
    geodesic: Film | None  # None of one dimension, where there is no other way
    done: bool  # whether no shorter one is looked for any more


@dataclass(frozen=True, eq=False)
class TraversalRequest:
    """Decode along dimensions, the others as in one code. The latest request wins."""

    version: int
    z: NDArray[np.float32]  # (D,)
    label: int | None  # what the decoder is told, if it is told any
    dimensions: tuple[int, ...]  # counted from 0, the most urgent first
    values: NDArray[np.float32]  # (dimensions, S) of each along itself


@dataclass(frozen=True, eq=False)
class TraversalFound:
    """What is seen along one of them."""

    request: TraversalRequest
    dimension: int
    pictures: NDArray[np.uint8]  # (S, C, H, W)


@dataclass(frozen=True, eq=False)
class UnitsRequest:
    """Tell the KL of each dimension where codes alone do not. The latest request wins."""

    version: int
    encodings: Encodings
    images: NDArray[np.uint8]  # (N, C, H, W), whose codes they are


@dataclass(frozen=True, eq=False)
class UnitsFound:
    """The mean over all images."""

    request: UnitsRequest
    units: Units


@dataclass(frozen=True)
class ManifoldProgress:
    """A picture of the manifold is being written."""

    path: Path
    share: float


@dataclass(frozen=True)
class ManifoldWritten:
    """It is there; or could not be written."""

    path: Path
    failure: Failure | None = None


@dataclass(frozen=True, eq=False)
class WriteEncodings:
    """Encode all images of a data set and write them, by a model that nobody changes."""

    path: Path
    model: VAE
    dataset: Dataset


@dataclass(frozen=True)
class EncodingsProgress:
    """Encodings are being written."""

    path: Path
    share: float


@dataclass(frozen=True)
class EncodingsWritten:
    """They are there; or could not be written."""

    path: Path
    failure: Failure | None = None
