"""``latent-explorer train`` where the data are not there yet."""

import gzip
import hashlib
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from vae import datasets

Command = Callable[..., Any]  # of tests/conftest.py


@pytest.fixture
def mirror(small_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that torchvision takes for MNIST's only one, and an empty data folder."""
    archives, resources = tmp_path / "archives", []
    archives.mkdir()
    for file in (small_mnist / "MNIST" / "raw").iterdir():
        archive = archives / f"{file.name}.gz"
        archive.write_bytes(gzip.compress(file.read_bytes()))
        resources.append((archive.name, hashlib.md5(archive.read_bytes()).hexdigest()))
    mnist = datasets._torchvision_mnist().MNIST
    monkeypatch.setattr(mnist, "resources", resources)
    monkeypatch.setenv("LATENT_EXPLORER_DATA", str(tmp_path / "downloads"))

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=archives)) as server:
        monkeypatch.setattr(mnist, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield str(server.server_port)
        server.shutdown()
        thread.join()


@pytest.mark.usefixtures("mirror")
def test_missing_data_are_downloaded_once(command: Command, tmp_path: Path) -> None:
    first = command("train", "--epochs", 1, "--out", tmp_path / "model")
    assert first.code == 0
    assert "mnist: 100%" in first.err
    again = command("train", "--epochs", 1, "--out", tmp_path / "again")
    assert again.code == 0
    assert "mnist:" not in again.err


def test_no_network_is_told(
    command: Command, mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mnist = datasets._torchvision_mnist().MNIST
    monkeypatch.setattr(mnist, "mirrors", [f"http://127.0.0.1:{mirror}/nowhere/"])
    outcome = command("train", "--epochs", 1, "--out", tmp_path / "model")
    assert outcome.code == 1
    assert "could not be downloaded" in outcome.err
    assert "Check the network connection" in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.usefixtures("mirror")
def test_a_folder_that_was_named_is_read_and_not_filled(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    command("train", "--data-dir", folder, "--out", tmp_path / "model").assert_refused("MNIST is not in")
    assert not list(folder.iterdir())
