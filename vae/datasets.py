"""The data sets, by name: loaded into memory whole, downloaded on demand, or drawn from a seed.

The user's own images go by the name that vae.own_data gives them. Loading and downloading the others go
through torchvision: its reader, its addresses and checksums, its folders (DATA_DIR/MNIST/raw/...). It is
imported on first use, since that takes seconds.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import platformdirs

from vae import own_data, strokes
from vae.dataset import IN_MEMORY, Dataset, DatasetInfo, Images, Labels, SkippedFile
from vae.download import Archive, DownloadProgress, fetch
from vae.errors import DatasetError
from vae.own_data import ReadProgress

if TYPE_CHECKING:
    from torch.library import Library

__all__ = [
    "DATASETS",
    "IN_MEMORY",
    "Dataset",
    "DatasetInfo",
    "DatasetMissingError",
    "DownloadProgress",
    "ReadProgress",
    "SkippedFile",
    "default_data_dir",
    "download",
    "find_info",
    "info_of",
    "is_available",
    "is_own",
    "load",
    "loading",
]

_SIDE = 28  # pixels of the pictures in the files, each way
_STROKES_TRAIN, _STROKES_TEST = 10_000, 2_000  # images
_STROKES_SEED = 0


class DatasetMissingError(DatasetError):
    """The files of a data set are not there; they can be downloaded."""


@dataclass(frozen=True)
class _Source:
    """Where the files of a data set come from: a class of torchvision, which knows addresses and checksums.

    The sizes are those that TensorFlow Datasets records (url_checksums); they say what a download will
    cost before any server is asked.
    """

    torchvision_class: str  # also the name of its folder
    sizes: tuple[int, int, int, int]  # bytes of each of _FILES, compressed


_KINDS = ("images-idx3-ubyte", "labels-idx1-ubyte")
_FILES = tuple(f"{part}-{kind}" for part in ("train", "t10k") for kind in _KINDS)

_MNIST = _Source("MNIST", (9_912_422, 28_881, 1_648_877, 4_542))
_FASHION = _Source("FashionMNIST", (26_421_880, 29_515, 4_422_102, 5_148))
_KMNIST = _Source("KMNIST", (18_165_135, 29_497, 3_041_136, 5_120))
_SOURCES = {"mnist": _MNIST, "fashion-mnist": _FASHION, "fashion-mnist-32": _FASHION, "kmnist": _KMNIST}

_DIGITS = tuple("0123456789")
_CLOTHES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
_KANA = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")

DATASETS: Final[Mapping[str, DatasetInfo]] = {
    info.name: info
    for info in (
        DatasetInfo("mnist", "MNIST", (1, 28, 28), _DIGITS, sum(_MNIST.sizes)),
        DatasetInfo("fashion-mnist", "Fashion-MNIST", (1, 28, 28), _CLOTHES, sum(_FASHION.sizes)),
        DatasetInfo("fashion-mnist-32", "Fashion-MNIST, 32 × 32", (1, 32, 32), _CLOTHES, sum(_FASHION.sizes)),
        DatasetInfo("kmnist", "Kuzushiji-MNIST", (1, 28, 28), _KANA, sum(_KMNIST.sizes)),
        DatasetInfo("stroke-digits", "Stroke digits", (1, 28, 28), _DIGITS, 0),
    )
}


def default_data_dir() -> Path:
    """The folder that LATENT_EXPLORER_DATA names, or else ``data`` in the user's folder of this app."""
    if named := os.environ.get("LATENT_EXPLORER_DATA"):
        return Path(named)
    return platformdirs.user_data_path("latent-explorer", appauthor=False) / "data"


def is_own(name: str) -> bool:
    """Whether this is the name of the user's own images."""
    return own_data.parse_name(name) is not None


def find_info(name: str) -> DatasetInfo | None:
    """What is known of a data set before it is loaded; of the user's own, the classes are not.

    None if there is no data set of this name.
    """
    own = own_data.parse_name(name)
    return DATASETS.get(name) if own is None else own_data.info_of(*own)


def info_of(name: str) -> DatasetInfo:
    """The same.

    Raises:
        DatasetError: there is no data set of this name.
    """
    info = find_info(name)
    if name == IN_MEMORY:
        raise DatasetError(
            "The images were given to explorer.launch() and were in memory only. Give them to it once more, "
            "or save them as a file of arrays (.npz) and train on that."
        )
    if info is None:
        raise DatasetError(
            f"There is no data set '{name}'. Choose one of {', '.join(DATASETS)}, "
            "or the path of a folder or file of images."
        )
    return info


def is_available(name: str, data_dir: Path) -> bool:
    """Whether load() finds files to read, which may still be damaged; built-in data are always there.

    Raises:
        DatasetError: there is no data set of this name.
    """
    info_of(name)
    own = own_data.parse_name(name)
    if own is not None:
        return own_data.is_there(own[0])
    return name not in _SOURCES or _has_files(_raw_folder(_SOURCES[name], data_dir))


def load(name: str, data_dir: Path) -> Dataset:
    """Read the data set ``name`` from ``data_dir``, from the user's own files, or draw it if it is built in.

    Raises:
        DatasetMissingError: its files are not there, and can be downloaded.
        DatasetError: there is no data set of this name, or a file cannot be read or is damaged.
    """
    steps = loading(name, data_dir)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            dataset: Dataset = end.value
            return dataset


def loading(name: str, data_dir: Path) -> Generator[ReadProgress, None, Dataset]:
    """Do as load(), but step by step where it takes long, which is with the user's own images.

    The generator returns the data set. To pause, wait before taking the next report; to cancel, close it.
    """
    info = info_of(name)
    own = own_data.parse_name(name)
    if own is not None:
        return (yield from own_data.read(*own))
    if name not in _SOURCES:
        return _stroke_digits(info)
    folder = _raw_folder(_SOURCES[name], data_dir)
    if not _has_files(folder):
        raise DatasetMissingError(
            f"{info.title} is not in {folder}. Download it in the app, or run "
            f"`latent-explorer train --dataset {name}`, which downloads it by itself, "
            "or name the folder that holds it with --data-dir."
        )
    return Dataset(info, *_read_part(folder, "train", info), *_read_part(folder, "t10k", info), {})


def download(name: str, data_dir: Path) -> Generator[DownloadProgress, None, None]:
    """Download what is missing or damaged of the data set ``name`` into ``data_dir``; see fetch().

    Progress counts what is still to be had: nothing is yielded when all files are there. To pause, wait
    before taking the next report; to cancel, close the generator. Either way no whole file is lost. Taking
    one report may last as long as a silent server is given, about ten seconds.

    Raises:
        DatasetError: there is no data set of this name, no server delivered it, or the folder cannot be
            written.
    """
    info_of(name)
    if name not in _SOURCES:
        return
    source = _SOURCES[name]
    folder = _raw_folder(source, data_dir)
    known = getattr(_torchvision_mnist(), source.torchvision_class)
    sizes = dict(zip(_FILES, source.sizes, strict=True))
    archives = [
        Archive(file, md5, sizes[Path(file).stem])
        for file, md5 in known.resources
        if not _is_whole(folder / Path(file).stem)
    ]
    if archives:
        yield from fetch(archives, known.mirrors, folder)


def _stroke_digits(info: DatasetInfo) -> Dataset:
    drawn = strokes.generate(_STROKES_TRAIN + _STROKES_TEST, _STROKES_SEED)
    train, test = slice(_STROKES_TRAIN), slice(_STROKES_TRAIN, None)
    factors = {name: values[test] for name, values in drawn.factors.items()}
    parts = (drawn.images[train], drawn.labels[train], drawn.images[test], drawn.labels[test])
    return Dataset(info, *parts, factors)


def _raw_folder(source: _Source, data_dir: Path) -> Path:
    """The folder of the four files: that of torchvision's layout, DATA_DIR/MNIST/raw.

    A user may as well name DATA_DIR/MNIST, DATA_DIR/MNIST/raw, or the folder above DATA_DIR.
    """
    given = Path(os.path.expanduser(data_dir)).absolute()  # noqa: PTH111 - leaves unknown users as they are
    layout = Path(source.torchvision_class, "raw")
    expected = given / layout
    if given.name == source.torchvision_class:
        expected = given / "raw"
    elif given.parts[-2:] == layout.parts:
        expected = given
    candidates = (expected, given / layout, *sorted(given.glob(f"*/{layout.as_posix()}")))
    return next((folder for folder in candidates if _has_files(folder)), expected)


def _has_files(folder: Path) -> bool:
    return all((folder / file).is_file() for file in _FILES)


def _read_part(folder: Path, part: str, info: DatasetInfo) -> tuple[Images, Labels]:
    """Images (N, C, H, W) and labels (N,) of ``part``, "train" or "t10k"."""
    image_file, label_file = (folder / f"{part}-{kind}" for kind in _KINDS)
    if (images := _count(image_file)) != (labels := _count(label_file)):
        raise DatasetError(
            f"{image_file} holds {images:,} images, but {label_file.name} beside it {labels:,} labels. "
            "Delete both files and download the data set again."
        )
    mnist = _torchvision_mnist()
    pictures: Images = mnist.read_image_file(os.fspath(image_file)).numpy()
    classes: Labels = mnist.read_label_file(os.fspath(label_file)).numpy()
    if classes.max() >= len(info.classes):
        raise _damaged(label_file, f"it holds the label {classes.max()}, above {len(info.classes) - 1}")
    margin = (info.image_shape[1] - _SIDE) // 2
    if margin:
        pictures = np.pad(pictures, ((0, 0), (margin, margin), (margin, margin)))
    return pictures[:, np.newaxis], classes


def _count(path: Path) -> int:
    """The number of items in an idx file, once its header and its length agree.

    torchvision asserts, or worse, on what it cannot read; this looks first.

    Raises:
        DatasetError: the file cannot be read, is of another kind or size, is empty, or is cut short.
    """
    kind, shape = ("images", (_SIDE, _SIDE)) if "-images-" in path.name else ("labels", ())
    try:
        with path.open("rb") as file:
            header = file.read(4 * (2 + len(shape)))
            length = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise DatasetError(
            f"{path} cannot be read ({error.strerror or error}). Check that you may read it, then try again."
        ) from error
    if len(header) < 4 * (2 + len(shape)):
        raise _damaged(path, f"it is only {length} bytes long")
    if header[:4] != bytes((0, 0, 8, 1 + len(shape))):  # two zeros, unsigned bytes, number of dimensions
        raise _damaged(path, f"it is no idx file of {kind}")
    count, *sides = struct.unpack(f">{1 + len(shape)}I", header[4:])
    if tuple(sides) != shape:
        raise _damaged(path, f"its images have {' × '.join(map(str, sides))} pixels, not {_SIDE} × {_SIDE}")
    if not count:
        raise _damaged(path, f"it holds no {kind}")
    expected = len(header) + count * math.prod(shape)
    if length != expected:
        raise _damaged(path, f"it is {length:,} bytes long and should be {expected:,}")
    return int(count)


def _damaged(path: Path, reason: str) -> DatasetError:
    return DatasetError(f"{path} is damaged: {reason}. Delete this file and download the data set again.")


def _is_whole(path: Path) -> bool:
    """Whether the idx file is there and as long as it says; of the unpacked files no checksums are known."""
    try:
        return path.is_file() and _count(path) > 0
    except DatasetError:
        return False


@cache
def _torchvision_mnist() -> Any:  # torchvision has no types
    """torchvision.datasets.mnist, also where torchvision's compiled operators do not load."""
    try:
        from torchvision.datasets import mnist
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        _declare_operators()
        from torchvision.datasets import mnist
    return mnist


@cache  # keeps the library alive, and with it the declarations
def _declare_operators() -> Library:
    """Declare the operators that a torchvision built for CUDA lacks beside a CPU build of torch.

    Reading data never calls them, but torchvision cannot be imported while nobody has declared them.
    """
    from torch.library import Library

    library = Library("torchvision", "DEF")
    for operator in ("nms", "qnms"):
        library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library
