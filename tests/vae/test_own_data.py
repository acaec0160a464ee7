"""The user's own images: what is found, how it is framed and split, what is refused, and its name."""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from vae import datasets, own_data, own_source
from vae.dataset import Dataset
from vae.errors import ConfigurationError, DatasetError
from vae.own_data import OwnImages, name_of, parse_name, preview, scan
from vae.own_pictures import Reading

GREY = Reading(side=8, channels=1)
COLOUR = Reading(side=8, channels=3)

Array = NDArray[np.generic]


def write(path: Path, picture: Array | Image.Image) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(np.asarray(picture))
    image.save(path)
    return path


def greys(count: int, height: int = 8, width: int = 8, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, height, width), dtype=np.uint8)


def fill(folder: Path, pictures: Array, ending: str = "png") -> Path:
    for place, picture in enumerate(pictures):
        write(folder / f"{place:03}.{ending}", picture)
    return folder


def read(path: Path, reading: Reading = GREY) -> Dataset:
    return datasets.load(name_of(path, reading), Path())


def all_images(data: Dataset) -> NDArray[np.uint8]:
    return np.concatenate((data.train_images, data.test_images))


def all_labels(data: Dataset) -> list[str]:
    return [data.info.classes[label] for label in (*data.train_labels, *data.test_labels)]


def as_set(images: Array) -> set[bytes]:
    return {np.ascontiguousarray(image).tobytes() for image in images}


# --- folders of pictures


@pytest.mark.parametrize("ending", ["png", "bmp", "gif", "tif", "webp", "ppm"])
def test_pictures_of_each_kind_are_read_as_they_are(ending: str, tmp_path: Path) -> None:
    pictures = greys(12)
    for place, picture in enumerate(pictures):
        image = Image.fromarray(picture)
        options = {"lossless": True} if ending == "webp" else {}
        image.save(tmp_path / f"{place}.{ending}", **options)
    data = read(tmp_path)
    assert data.info.image_shape == (1, 8, 8)
    if ending == "webp":  # it keeps colours, and grey is weighed from them
        assert np.abs(all_images(data).astype(int).mean() - pictures.mean()) < 1
    else:
        assert as_set(all_images(data)) == as_set(pictures)


def test_a_jpeg_larger_than_needed_is_read_at_its_brightness(tmp_path: Path) -> None:
    fill(tmp_path, np.stack([np.full((300, 400), 20 * n, np.uint8) for n in range(12)]), "jpg")
    means = sorted(all_images(read(tmp_path)).mean(axis=(1, 2, 3)))
    assert means == pytest.approx([20 * n for n in range(12)], abs=1)


def test_sub_folders_are_classes(tmp_path: Path) -> None:
    fill(tmp_path / "cat", np.full((7, 8, 8), 10, np.uint8))
    fill(tmp_path / "dog" / "deeper", np.full((8, 8, 8), 200, np.uint8))
    data = read(tmp_path)
    assert data.info.classes == ("cat", "dog")
    values = [int(image[0, 0, 0]) for image in all_images(data)]
    assert all_labels(data) == ["cat" if value == 10 else "dog" for value in values]
    assert sorted(values) == [10] * 7 + [200] * 8


def test_without_sub_folders_images_are_unlabelled(tmp_path: Path) -> None:
    data = read(fill(tmp_path, greys(12)))
    assert data.info.classes == ()
    assert set(data.train_labels) == {-1}


def test_folders_of_train_and_test_are_the_split(tmp_path: Path) -> None:
    for part, value, count in (("train", 10, 9), ("test", 200, 4)):
        for name in ("a", "b"):
            fill(tmp_path / part / name, np.full((count, 8, 8), value, np.uint8))
    data = read(tmp_path)
    assert data.info.classes == ("a", "b")
    assert (len(data.train_images), len(data.test_images)) == (18, 8)
    assert set(np.unique(data.train_images)) == {10}
    assert set(np.unique(data.test_images)) == {200}


def test_what_cannot_be_read_is_listed_and_left_out(tmp_path: Path) -> None:
    pictures = fill(tmp_path / "a", greys(12)).parent
    whole = write(tmp_path / "whole.png", greys(1, 64, 64)[0]).read_bytes()
    (tmp_path / "whole.png").unlink()
    (tmp_path / "a" / "005x.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "a" / "zz.jpg").write_text("no picture")
    (tmp_path / "a" / "notes.txt").write_text("not meant to be a picture")
    (tmp_path / "a" / ".hidden.png").write_text("nor this")
    data = read(pictures)
    assert as_set(all_images(data)) == as_set(greys(12))
    assert [(file.path.name, file.reason) for file in data.skipped] == [
        ("005x.png", "it is cut short"),
        ("zz.jpg", "it is no picture, or of a kind that is not known"),
    ]
    assert len(data.train_labels) == len(data.train_images)
    assert data.train_images.flags.c_contiguous


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: None, "is empty"),
        (lambda folder: (folder / "a.txt").write_text("x"), r"no pictures, only other files \(.txt\)"),
        (lambda folder: (folder / "train-images-idx3-ubyte").write_text("x"), "choose that file"),
        (lambda folder: (folder / "a.png").write_text("x"), "None of the pictures.*a.png"),
        (lambda folder: fill(folder, greys(3)), "holds 3 images.*at least 10"),
    ],
)
def test_a_hopeless_folder_is_refused(make: Callable[[Path], object], words: str, tmp_path: Path) -> None:
    make(tmp_path)
    for use in (scan, read):
        with pytest.raises(DatasetError, match=words):
            use(tmp_path)


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    name = name_of(tmp_path / "gone", GREY)
    assert not datasets.is_available(name, Path())
    with pytest.raises(DatasetError, match=r"There are no images at .*gone.*put them back"):
        datasets.load(name, Path())


# --- framing


def test_crop_keeps_the_middle_and_padding_all(tmp_path: Path) -> None:
    wide = np.zeros((8, 24), np.uint8)
    wide[:, 8:16] = 255  # white in the middle third
    fill(tmp_path, np.stack([wide] * 12))
    cropped = read(tmp_path, Reading(8, 1, "crop")).train_images
    assert cropped.min() == 255
    padded = read(tmp_path, Reading(24, 1, "pad")).train_images[0, 0]
    assert np.array_equal(padded[8:16], wide)
    assert not padded[:8].any()
    assert not padded[16:].any()


def test_transparency_is_white_and_a_turned_photograph_stands_upright(tmp_path: Path) -> None:
    clear = np.zeros((8, 8, 4), np.uint8)
    fill(tmp_path / "clear", np.stack([clear] * 12))
    assert read(tmp_path / "clear", COLOUR).train_images.min() == 255
    top = np.zeros((64, 64), np.uint8)
    top[:, :32] = 255  # left as it is stored, and above once it is turned by 90 degrees
    (tmp_path / "turned").mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    for place in range(12):
        Image.fromarray(top).save(tmp_path / "turned" / f"{place}.jpg", exif=exif)
    image = read(tmp_path / "turned").train_images[0, 0]
    assert image[:3].min() > 240
    assert image[5:].max() < 15


def test_deep_greys_are_brought_to_eight_bits(tmp_path: Path) -> None:
    deep = (np.arange(64).reshape(8, 8) * 1_000).astype(np.uint16)
    fill(tmp_path, np.stack([deep] * 12))
    assert np.array_equal(read(tmp_path).train_images[0, 0], np.rint(deep / 65_535 * 255))


# --- looked into before it is read


def describe(found: OwnImages) -> tuple[int, int, int]:
    return found.count, found.suggested.side, found.suggested.channels


@pytest.mark.parametrize(
    ("height", "width", "side"), [(28, 28, 28), (48, 48, 48), (20, 25, 28), (40, 60, 32), (200, 300, 64)]
)
def test_a_size_is_suggested(height: int, width: int, side: int, tmp_path: Path) -> None:
    fill(tmp_path, greys(10, height, width))
    found = scan(tmp_path)
    assert describe(found) == (10, side, 1)
    assert found.smallest == found.largest == (width, height)


def test_colour_is_noticed_and_grey_kept_as_colour_is_not(tmp_path: Path) -> None:
    grey = np.repeat(greys(10, 40, 40)[..., None], 3, axis=3)
    assert scan(fill(tmp_path / "grey", grey, "jpg")).suggested.channels == 1
    grey[4, :, :, 0] = 255
    assert scan(fill(tmp_path / "colour", grey)).suggested.channels == 3


def test_the_preview_is_what_is_read(tmp_path: Path) -> None:
    fill(tmp_path, greys(12, 30, 50))
    shown = preview(scan(tmp_path), GREY)
    assert shown.shape == (12, 1, 8, 8)
    assert as_set(shown) == as_set(all_images(read(tmp_path)))


def test_memory_is_stated_and_bounded_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, np.random.default_rng(0).integers(0, 256, (20, 64, 64, 3), dtype=np.uint8))
    found = scan(tmp_path)
    assert found.bytes_of(found.suggested) == 20 * 3 * 64 * 64
    monkeypatch.setattr(own_source, "MOST_BYTES", 20 * 3 * 32 * 32 + 500)
    assert scan(tmp_path).suggested == Reading(32, 3)
    with pytest.raises(DatasetError, match=r"at most 32 × 32 pixels in colour or 55 × 55 pixels in grey"):
        read(tmp_path, Reading(64, 3))


def test_a_header_that_promises_too_much_takes_no_memory(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(struct.pack(">I3I", 0x803, 2**31, 2**15, 2**15) + b"\0" * 100)
    with pytest.raises(DatasetError, match=r"more than the 2 GB that are loaded at most\. Choose a part"):
        read(tmp_path / "a")


# --- the split, and the name


def test_the_split_comes_from_the_seed(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", greys(600))
    first, again = read(tmp_path / "a.npy"), read(tmp_path / "a.npy")
    assert len(first.test_images) == 100
    assert np.array_equal(first.test_images, again.test_images)
    other = read(tmp_path / "a.npy", Reading(8, 1, seed=1))
    assert as_set(other.test_images) != as_set(first.test_images)
    for data in (first, other):
        assert as_set(all_images(data)) == as_set(greys(600))
        assert not as_set(data.train_images) & as_set(data.test_images)


def test_the_test_part_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_data, "MOST_TESTS", 20)
    np.save(tmp_path / "a.npy", greys(600))
    assert len(read(tmp_path / "a.npy").test_images) == 20


@pytest.mark.parametrize("path", ["/a/b", "/what?/side=3&x", "/a b/ü.npz", "/a\nb"])
def test_a_name_tells_what_was_read_and_how(path: str) -> None:
    reading = Reading(48, 3, "pad", 7)
    assert parse_name(name_of(Path(path), reading)) == (Path(path), reading)


@pytest.mark.parametrize("name", ["mnist", "/a/b", "/a?side=9999&channels=1&framing=crop&seed=0", ""])
def test_other_names_are_not_taken_for_own_images(name: str) -> None:
    assert parse_name(name) is None


def test_what_is_known_by_name_is_what_is_loaded(tmp_path: Path) -> None:
    name = name_of(fill(tmp_path / "faces", greys(12)), GREY)
    known, loaded = datasets.info_of(name), datasets.load(name, Path()).info
    assert datasets.is_available(name, Path())
    assert (known.title, known.image_shape) == ("faces, 8 × 8", (1, 8, 8))
    assert (known.name, known.title, known.image_shape) == (loaded.name, loaded.title, loaded.image_shape)


@pytest.mark.parametrize("fields", [{"side": 4}, {"side": 1000}, {"channels": 2}, {"framing": "stretch"}])
def test_a_reading_out_of_range_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        Reading(**fields)


def test_reading_reports_each_image_and_can_be_given_up(tmp_path: Path) -> None:
    fill(tmp_path, greys(12))
    reports = list(datasets.loading(name_of(tmp_path, GREY), Path()))
    assert [report.done for report in reports] == list(range(13))
    assert {report.total for report in reports} == {12}
    with closing(datasets.loading(name_of(tmp_path, GREY), Path())) as begun:
        assert next(begun).done == 0
