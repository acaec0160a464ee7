"""The user's own images in arrays: .npz, .npy and idx files."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from vae import datasets
from vae.dataset import Dataset
from vae.errors import DatasetError
from vae.own_data import name_of, scan
from vae.own_pictures import Reading

GREY = Reading(side=8, channels=1)
COLOUR = Reading(side=8, channels=3)

Array = NDArray[np.generic]


def greys(count: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, 8, 8), dtype=np.uint8)


def read(path: Path, reading: Reading = GREY) -> Dataset:
    return datasets.load(name_of(path, reading), Path())


def all_images(data: Dataset) -> NDArray[np.uint8]:
    return np.concatenate((data.train_images, data.test_images))


def all_labels(data: Dataset) -> list[str]:
    return [data.info.classes[label] for label in (*data.train_labels, *data.test_labels)]


def as_set(images: Array) -> set[bytes]:
    return {np.ascontiguousarray(image).tobytes() for image in images}


def idx(array: NDArray[np.uint8]) -> bytes:
    return struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()


def labelled(count: int = 30) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    return greys(count), np.arange(count) % 3


@pytest.mark.parametrize(
    "shape", [(30, 8, 8), (30, 8, 8, 1), (30, 1, 8, 8), (30, 64)], ids=["NHW", "NHWC", "NCHW", "flat"]
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_each_lie_of_the_axes_gives_the_same_images(
    shape: tuple[int, ...], order: str, tmp_path: Path
) -> None:
    images, _ = labelled()
    np.save(tmp_path / "a.npy", np.asarray(images.reshape(shape), order=order))
    assert as_set(all_images(read(tmp_path / "a.npy"))) == as_set(images)


@pytest.mark.parametrize("first", [True, False])
def test_colours_stand_first_or_last(first: bool, tmp_path: Path) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (30, 3, 8, 8), dtype=np.uint8)
    np.save(tmp_path / "a.npy", colours if first else colours.transpose(0, 2, 3, 1))
    found = scan(tmp_path / "a.npy")
    assert found.suggested == COLOUR
    assert as_set(all_images(read(tmp_path / "a.npy", COLOUR))) == as_set(colours)


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 127.6, 255.0], [0, 128, 255]),
        ([0, 100, 255], [0, 100, 255]),
        ([0, 1, 1], [0, 255, 255]),
        ([False, True, True], [0, 255, 255]),
        ([0, 257, 65_535], [0, 1, 255]),
    ],
)
def test_values_of_each_scale_become_bytes(values: list[float], shown: list[int], tmp_path: Path) -> None:
    images = np.tile(np.asarray(values).repeat(64).reshape(3, 8, 8), (5, 1, 1))
    np.savez(tmp_path / "a.npz", images=images)
    assert set(np.unique(all_images(read(tmp_path / "a.npz")))) == set(shown)


def test_whole_numbers_of_one_byte_that_end_at_one_are_black_and_white(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", (greys(30) > 127).astype(np.uint8))
    assert set(np.unique(all_images(read(tmp_path / "a.npy")))) == {0, 255}


@pytest.mark.parametrize("value", [-1.0, 300.0, np.nan])
def test_values_that_are_no_greys_are_refused(value: float, tmp_path: Path) -> None:
    images = greys(30).astype(np.float64)
    images[17, 3, 3] = value
    np.save(tmp_path / "a.npy", images)
    with pytest.raises(DatasetError, match=r"a\.npy cannot be read: .*(values|numbers)"):
        read(tmp_path / "a.npy")


@pytest.mark.parametrize(
    "keys", [("images", "labels"), ("x", "y"), ("X", "targets"), ("arr_0", "arr_1"), ("x_train", "y_train")]
)
def test_labels_go_with_the_images(keys: tuple[str, str], tmp_path: Path) -> None:
    images, labels = labelled()
    np.savez_compressed(tmp_path / "a.npz", **dict(zip(keys, (images, labels), strict=True)))
    data = read(tmp_path / "a.npz")
    known = {image.tobytes(): str(label) for image, label in zip(images, labels, strict=True)}
    assert data.info.classes == ("0", "1", "2")
    assert all_labels(data) == [known[image.tobytes()] for image in all_images(data)]


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (np.array(["cat", "dog"])[np.arange(30) % 2], ("cat", "dog")),
        (np.array([b"cat", b"dog"])[np.arange(30) % 2], ("cat", "dog")),
        (np.eye(4)[np.arange(30) % 4], ("0", "1", "2", "3")),
        ((np.arange(30) % 2).reshape(-1, 1) + 5.0, ("5", "6")),
        (np.linspace(0, 1, 30), ()),
    ],
    ids=["text", "bytes", "one-hot", "column", "measurements"],
)
def test_labels_of_each_kind(labels: Array, classes: tuple[str, ...], tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=greys(30), labels=labels)
    assert read(tmp_path / "a.npz").info.classes == classes


def test_a_split_in_the_file_is_kept(tmp_path: Path) -> None:
    train, test = greys(30, seed=1), greys(9, seed=2)
    np.savez(
        tmp_path / "a.npz", x_train=train, y_train=np.arange(30) % 2, x_test=test, y_test=np.arange(9) % 3
    )
    data = read(tmp_path / "a.npz")
    assert as_set(data.train_images) == as_set(train)
    assert as_set(data.test_images) == as_set(test)
    assert data.info.classes == ("0", "1", "2")
    assert scan(tmp_path / "a.npz").test_count == 9


@pytest.mark.parametrize("packed", [True, False])
def test_idx_files_find_their_labels_and_tests(packed: bool, tmp_path: Path) -> None:
    contents = {
        "train-images-idx3-ubyte": idx(greys(30, seed=1)),
        "train-labels-idx1-ubyte": idx(np.full(30, 7, np.uint8)),
        "t10k-images-idx3-ubyte": idx(greys(12, seed=2)),
        "t10k-labels-idx1-ubyte": idx(np.full(12, 3, np.uint8)),
    }
    for name, content in contents.items():
        path = tmp_path / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(content) if packed else content)
    for name, train in (("train-images-idx3-ubyte", 30), ("t10k-images-idx3-ubyte", 10)):
        data = read(tmp_path / (f"{name}.gz" if packed else name))
        assert len(data.train_images) == train
        assert set(all_labels(data)) == ({"3", "7"} if train == 30 else {"3"})
    assert as_set(read(next(tmp_path.glob("train-images*"))).test_images) == as_set(greys(12, seed=2))


class Trap:
    """Would write a file if it were unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    trapped = tmp_path / "trapped"
    np.save(tmp_path / "a.npy", np.array([Trap(trapped)], dtype=object), allow_pickle=True)
    with pytest.raises(DatasetError, match="Python objects"):
        scan(tmp_path / "a.npy")
    assert not trapped.exists()


def save_arrays(path: Path, **arrays: Array) -> None:
    np.savez(path, **arrays)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"images": greys(30), "labels": np.arange(29)}, "30 images, but 29 labels"),
        ({"first": greys(30), "second": greys(30)}, "several arrays.*first, second"),
        ({"values": np.zeros(30)}, r"holds no images: values \(30,\)"),
        ({"images": greys(4)}, "holds 4 images"),
    ],
)
def test_arrays_that_are_no_images_are_refused(arrays: dict[str, Array], words: str, tmp_path: Path) -> None:
    save_arrays(tmp_path / "a.npz", **arrays)
    with pytest.raises(DatasetError, match=words):
        scan(tmp_path / "a.npz")


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "idx", "idx.gz"])
def test_a_file_that_is_cut_short_is_told(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name.startswith("idx"):
        path.write_bytes(gzip.compress(idx(greys(30))) if name.endswith("gz") else idx(greys(30)))
    elif name.endswith("npz"):
        np.savez(path, images=greys(30))
    else:
        np.save(path, greys(30))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DatasetError, match=rf"{name} cannot be read: "):
        read(path)


@pytest.mark.parametrize("content", [b"", b"hello, world", b"\0\0\x08\x03\0", b"\x93NUMPYxx", b"PK\x03\x04"])
def test_a_file_of_another_kind_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(content)
    with pytest.raises(DatasetError, match=r"a\.bin"):
        scan(tmp_path / "a.bin")


def test_a_single_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(greys(1)[0]).save(path)
    with pytest.raises(DatasetError, match=r"single picture\. Choose the folder"):
        scan(path)
