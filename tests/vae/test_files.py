"""Files that cannot be read or written, and that nothing is lost then."""

import dataclasses
import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import vae
from vae import VAE, Checkpoint
from vae.configuration import ModelConfig
from vae.errors import CheckpointError
from vae.files import require_writable


def test_no_file_and_a_folder_are_told_from_models(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none", tmp_path / "none" / "deeper"):
        with pytest.raises(CheckpointError, match="There is no file"):
            vae.load(path)


@contextmanager
def without_privileges() -> Iterator[None]:
    """Become somebody whom file modes apply to."""
    if os.geteuid() == 0:
        os.seteuid(65_534)
        try:
            yield
        finally:
            os.seteuid(0)
    else:
        yield


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
@pytest.mark.parametrize(("folder_mode", "file_mode"), [(0o755, 0o000), (0o000, 0o644)])
def test_a_file_that_may_not_be_read_is_named(small: Checkpoint, folder_mode: int, file_mode: int) -> None:
    with tempfile.TemporaryDirectory() as top:
        Path(top).chmod(0o755)
        folder = Path(top, "closed")
        folder.mkdir()
        path = folder / "model.safetensors"
        vae.save(path, small)
        path.chmod(file_mode)
        folder.chmod(folder_mode)
        with without_privileges(), pytest.raises(CheckpointError, match=r"cannot be read: Permission denied"):
            vae.load(path)
        folder.chmod(0o755)


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """Let no file grow beyond ``room`` bytes."""
    resource = pytest.importorskip("resource")
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


def test_a_full_disk_leaves_the_old_file_and_nothing_else(file: Path, small: Checkpoint) -> None:
    content = file.read_bytes()
    other = dataclasses.replace(small, model=VAE(ModelConfig((1, 2, 3), 2, (300,), (300,))))
    with (
        full_disk(len(content)),
        pytest.raises(CheckpointError, match=r"could not be saved.*Free some"),
    ):
        vae.save(file, other)
    assert file.read_bytes() == content
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere an open file cannot be replaced")
def test_whoever_has_the_old_file_open_goes_on_reading_it(file: Path, small: Checkpoint) -> None:
    content = file.read_bytes()
    with file.open("rb") as opened:
        vae.save(file, dataclasses.replace(small, preset="other"))
        assert opened.read() == content
    assert vae.load(file).preset == "other"


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), KeyboardInterrupt()])
def test_what_breaks_off_saving_leaves_the_old_file_and_nothing_else(
    file: Path, small: Checkpoint, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def break_off(descriptor: int) -> None:
        raise error

    content = file.read_bytes()
    monkeypatch.setattr(os, "fsync", break_off)
    with pytest.raises((CheckpointError, KeyboardInterrupt)):
        vae.save(file, dataclasses.replace(small, preset="other"))
    assert file.read_bytes() == content
    assert list(file.parent.iterdir()) == [file]


def test_a_folder_is_no_place_to_save_nor_one_that_is_not_there(tmp_path: Path, small: Checkpoint) -> None:
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "none" / "model", tmp_path / "folder"):
        with pytest.raises(CheckpointError, match="could not be saved"):
            vae.save(path, small)
        with pytest.raises(CheckpointError, match="folder"):
            require_writable(path)
    assert [path.name for path in tmp_path.rglob("*")] == ["folder"]


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_a_place_that_may_not_be_written_is_found_out_beforehand() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with without_privileges(), pytest.raises(CheckpointError, match="Permission denied"):
            require_writable(Path(folder, "model"))


def test_looking_whether_a_file_may_be_written_leaves_it_as_it_is(file: Path) -> None:
    content = file.read_bytes()
    require_writable(file)
    assert file.read_bytes() == content
    assert list(file.parent.iterdir()) == [file]
