"""Data sets in memory: what is read, what is refused, and where the files may lie."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from vae import datasets, strokes
from vae.errors import DatasetError

REPOSITORY = Path(__file__).parents[2]
TRAIN, TEST = 12, 7  # images
HEADER = 16  # bytes before the pixels


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()


def write_files(raw: Path) -> None:
    generator = np.random.default_rng(0)
    raw.mkdir(parents=True)
    for part, count in (("train", TRAIN), ("t10k", TEST)):
        images = generator.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(idx(images))
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(idx(np.arange(count, dtype=np.uint8) % 10))


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    write_files(folder / "MNIST" / "raw")
    write_files(folder / "FashionMNIST" / "raw")
    return folder


def pixels(path: Path) -> np.ndarray:
    return np.frombuffer(path.read_bytes(), np.uint8, offset=HEADER).reshape(-1, 28, 28)


def test_importing_the_module_imports_no_torch() -> None:
    command = "import sys, vae.datasets; sys.exit('torch' in sys.modules or 'torchvision' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", command], cwd=REPOSITORY, check=False).returncode == 0


@pytest.mark.parametrize("name", datasets.DATASETS)
def test_each_data_set_is_described(name: str) -> None:
    info = datasets.DATASETS[name]
    assert info.name == name
    assert info.title
    assert info.image_shape == ((1, 32, 32) if name == "fashion-mnist-32" else (1, 28, 28))
    assert len(set(info.classes)) == 10
    assert (info.download_bytes == 0) == (name == "stroke-digits")


def test_images_are_as_in_the_files(data_dir: Path) -> None:
    loaded = datasets.load("mnist", data_dir)
    raw = data_dir / "MNIST" / "raw"
    assert loaded.info is datasets.DATASETS["mnist"]
    assert loaded.train_images.shape == (TRAIN, 1, 28, 28)
    assert np.array_equal(loaded.train_images[:, 0], pixels(raw / "train-images-idx3-ubyte"))
    assert np.array_equal(loaded.test_images[:, 0], pixels(raw / "t10k-images-idx3-ubyte"))
    assert loaded.train_labels.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert loaded.test_labels.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert loaded.test_factors == {}


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "fashion-mnist-32", "stroke-digits"])
def test_arrays_are_contiguous_and_of_their_types(name: str, data_dir: Path) -> None:
    loaded = datasets.load(name, data_dir)
    arrays: dict[type[np.generic], list[np.ndarray]] = {
        np.uint8: [loaded.train_images, loaded.test_images],
        np.int64: [loaded.train_labels, loaded.test_labels],
        np.float32: list(loaded.test_factors.values()),
    }
    for kind, members in arrays.items():
        for array in members:
            assert array.dtype == kind
            assert array.flags.c_contiguous


def test_padding_keeps_the_picture_in_the_middle(data_dir: Path) -> None:
    plain = datasets.load("fashion-mnist", data_dir).test_images
    padded = datasets.load("fashion-mnist-32", data_dir).test_images
    assert padded.shape == (TEST, 1, 32, 32)
    assert np.array_equal(padded[:, :, 2:30, 2:30], plain)
    assert padded.sum() == plain.sum()  # nothing but zeros around


def test_stroke_digits_are_built_in(tmp_path: Path) -> None:
    assert datasets.is_available("stroke-digits", tmp_path)
    loaded = datasets.load("stroke-digits", tmp_path)
    assert loaded.train_images.shape == (10_000, 1, 28, 28)
    assert loaded.test_images.shape == (2_000, 1, 28, 28)
    assert len(loaded.train_labels) == 10_000
    assert len(loaded.test_labels) == 2_000
    assert set(loaded.test_factors) == set(strokes.FACTORS)
    assert {values.shape for values in loaded.test_factors.values()} == {(2_000,)}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("use", [datasets.load, datasets.is_available])
def test_an_unknown_name_is_refused(use: Callable[[str, Path], object], tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no data set 'cifar'.*mnist"):
        use("cifar", tmp_path)


def test_missing_files_are_told_with_the_folder_and_the_ways_to_get_them(data_dir: Path) -> None:
    (data_dir / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").unlink()
    assert not datasets.is_available("mnist", data_dir)
    with pytest.raises(datasets.DatasetMissingError) as caught:
        datasets.load("mnist", data_dir)
    for part in (str(data_dir / "MNIST" / "raw"), "Download", "train --dataset mnist", "--data-dir"):
        assert part in str(caught.value)


def test_a_missing_folder_is_missing_files(tmp_path: Path) -> None:
    with pytest.raises(datasets.DatasetMissingError):
        datasets.load("kmnist", tmp_path / "nowhere")


def change(path: Path, how: str) -> None:
    content = path.read_bytes()
    longer = content + b"\0"
    changed = {
        "empty": b"",
        "cut in the magic number": content[:3],
        "cut in the counts": content[:10] if "images" in path.name else content[:6],
        "header alone": content[: HEADER if "images" in path.name else 8],
        "cut short": content[:-1],
        "too long": longer,
        "zeros": bytes(len(content)),
        "compressed": b"\x1f\x8b\x08" + content[3:],
        "dimensions": content[:3] + b"\x02" + content[4:],
        "no items": content[:4] + bytes(4) + (content[8:HEADER] if "images" in path.name else b""),
        "absurd count": content[:4] + b"\xff\xff\xff\xff" + content[8:],
    }[how]
    path.write_bytes(changed)


@pytest.mark.parametrize(
    "how",
    [
        "empty",
        "cut in the magic number",
        "cut in the counts",
        "header alone",
        "cut short",
        "too long",
        "zeros",
        "compressed",
        "dimensions",
        "no items",
        "absurd count",
    ],
)
@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_a_damaged_file_is_named_and_not_called_missing(data_dir: Path, name: str, how: str) -> None:
    path = data_dir / "MNIST" / "raw" / name
    change(path, how)
    with pytest.raises(DatasetError, match=r"is damaged.*Delete this file and download") as caught:
        datasets.load("mnist", data_dir)
    assert str(path) in str(caught.value)
    assert not isinstance(caught.value, datasets.DatasetMissingError)


def test_images_of_another_size_are_refused(data_dir: Path) -> None:
    path = data_dir / "MNIST" / "raw" / "train-images-idx3-ubyte"
    path.write_bytes(idx(np.zeros((TRAIN, 14, 56), np.uint8)))
    with pytest.raises(DatasetError, match="14 × 56 pixels, not 28 × 28"):
        datasets.load("mnist", data_dir)


def test_images_and_labels_of_different_numbers_are_refused(data_dir: Path) -> None:
    path = data_dir / "MNIST" / "raw" / "train-labels-idx1-ubyte"
    path.write_bytes(idx(np.zeros(TRAIN - 1, np.uint8)))
    with pytest.raises(DatasetError, match=f"{TRAIN} images, but {path.name} beside it {TRAIN - 1} labels"):
        datasets.load("mnist", data_dir)


def test_labels_without_a_class_are_refused(data_dir: Path) -> None:
    path = data_dir / "MNIST" / "raw" / "train-labels-idx1-ubyte"
    path.write_bytes(idx(np.full(TRAIN, 10, np.uint8)))
    with pytest.raises(DatasetError, match="label 10, above 9") as caught:
        datasets.load("mnist", data_dir)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("named", ["data", "data/MNIST", "data/MNIST/raw", "."])
def test_a_folder_too_deep_or_too_high_is_understood(data_dir: Path, named: str) -> None:
    folder = data_dir.parent / named
    assert datasets.is_available("mnist", folder)
    assert len(datasets.load("mnist", folder).train_images) == TRAIN


def test_the_folder_of_another_data_set_is_not_taken_for_this_one(data_dir: Path) -> None:
    assert not datasets.is_available("mnist", data_dir / "FashionMNIST" / "raw")


def test_the_folder_may_be_relative_or_under_home(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(data_dir / "MNIST")
    monkeypatch.setenv("HOME", str(data_dir.parent))
    monkeypatch.setenv("USERPROFILE", str(data_dir.parent))
    assert datasets.is_available("mnist", Path())
    assert datasets.is_available("mnist", Path("~/data"))


def test_the_environment_names_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_EXPLORER_DATA", str(tmp_path))
    assert datasets.default_data_dir() == tmp_path
    monkeypatch.setenv("LATENT_EXPLORER_DATA", "")
    folder = datasets.default_data_dir()
    assert folder.is_absolute()
    assert "latent-explorer" in folder.parts


def test_real_mnist() -> None:
    folder = Path(os.environ.get("LATENT_EXPLORER_DATA") or REPOSITORY.parent / "shared" / "data")
    if not datasets.is_available("mnist", folder):
        pytest.skip(f"MNIST is not in {folder}; LATENT_EXPLORER_DATA may name another folder")
    loaded = datasets.load("mnist", folder)
    assert loaded.train_images.shape == (60_000, 1, 28, 28)
    assert loaded.test_images.shape == (10_000, 1, 28, 28)
    assert np.bincount(loaded.train_labels).tolist() == [
        *(5923, 6742, 5958, 6131, 5842),
        *(5421, 5918, 6265, 5851, 5949),
    ]
    assert np.bincount(loaded.test_labels).tolist() == [
        *(980, 1135, 1032, 1010, 982),
        *(892, 958, 1028, 974, 1009),
    ]
    assert loaded.train_images.mean() / 255 == pytest.approx(0.1307, abs=1e-4)  # the well-known mean
