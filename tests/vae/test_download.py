"""Downloads, from a real server on this machine that delivers, fails and lies as it is told."""

from __future__ import annotations

import contextlib
import errno
import gzip
import hashlib
import shutil
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from vae import datasets, download
from vae.download import CHUNK, Archive, DownloadProgress, fetch
from vae.errors import DatasetError

IMAGES = 300  # of noise, which does not compress: an archive is several chunks long


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        way, _, name = self.path.strip("/").partition("/")
        self.server.requests.append(self.path)
        content = self.server.files[name]
        with contextlib.suppress(ConnectionError):  # a test that hangs up
            if way == "nonsense":
                self.wfile.write(b"This is no answer.\r\n")
                return
            self.send_response(404 if way == "missing" else 200)
            if way != "unsized":
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write({"cut": content[: len(content) // 2], "other": content[::-1]}.get(way, content))

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


class Server(HTTPServer):
    """Serves ``files`` under /good/, and badly under the other names that Handler knows."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = files
        self.requests: list[str] = []

    def mirror(self, way: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{way}/"


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()


@pytest.fixture(scope="module")
def arrays() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    arrays = {}
    for part, count in (("train", IMAGES), ("t10k", IMAGES // 2)):
        arrays[f"{part}-images-idx3-ubyte"] = generator.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        arrays[f"{part}-labels-idx1-ubyte"] = generator.integers(0, 10, count, dtype=np.uint8)
    return arrays


@pytest.fixture(scope="module")
def files(arrays: dict[str, np.ndarray]) -> dict[str, bytes]:
    return {f"{name}.gz": gzip.compress(idx(array), mtime=0) for name, array in arrays.items()}


@pytest.fixture
def archives(files: dict[str, bytes]) -> list[Archive]:
    return [Archive(name, md5(content), len(content)) for name, content in files.items()]


@pytest.fixture
def server(files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server(files) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def closed_port(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server({}) as server:
        return server.mirror("good")


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def unpacked(files: dict[str, bytes]) -> set[str]:
    return {name.removesuffix(".gz") for name in files}


def test_progress_climbs_to_the_total_and_only_the_unpacked_files_remain(
    server: Server, archives: list[Archive], files: dict[str, bytes], tmp_path: Path
) -> None:
    reports = list(fetch(archives, [server.mirror("good")], tmp_path))

    done = [report.done for report in reports]
    total = sum(map(len, files.values()))
    assert done[0] == 0
    assert done == sorted(done)
    assert max(np.diff(done)) <= CHUNK
    assert {report.total for report in reports} == {total}
    assert reports[-1] == DownloadProgress(archives[-1].name, total, total)
    assert names(tmp_path) == unpacked(files)
    for name, content in files.items():
        assert (tmp_path / name).with_suffix("").read_bytes() == gzip.decompress(content)


@pytest.mark.parametrize("way", ["good", "unsized"])
def test_a_guessed_size_gives_way_to_the_real_one(
    server: Server, archives: list[Archive], files: dict[str, bytes], tmp_path: Path, way: str
) -> None:
    guesses = [Archive(archive.name, archive.md5, 10**9) for archive in archives]
    last = list(fetch(guesses, [server.mirror(way)], tmp_path))[-1]
    assert last.done == last.total == sum(map(len, files.values()))


def test_closing_in_mid_file_leaves_no_partial_file_and_a_second_download_completes(
    server: Server, archives: list[Archive], files: dict[str, bytes], tmp_path: Path
) -> None:
    reports = fetch(archives, [server.mirror("good")], tmp_path)
    next(report for report in reports if 0 < report.done < archives[0].size)
    assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
    reports.close()
    assert names(tmp_path) == set()

    assert list(fetch(archives, [server.mirror("good")], tmp_path))
    assert names(tmp_path) == unpacked(files)


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("missing", "answered '404 Not Found'"),
        ("cut", "broke off after"),
        ("other", "sent something else"),
        ("nonsense", "This is no answer."),
    ],
)
class TestBadMirror:
    def test_alone_it_is_named_and_nothing_is_left_behind(
        self, server: Server, archives: list[Archive], tmp_path: Path, way: str, reason: str
    ) -> None:
        with pytest.raises(DatasetError) as caught:
            list(fetch(archives, [server.mirror(way)], tmp_path))
        message = str(caught.value)
        assert reason in message
        assert archives[0].name in message
        assert f"127.0.0.1:{server.server_port}" in message
        assert names(tmp_path) == set()

    def test_the_next_one_takes_over(
        self,
        server: Server,
        archives: list[Archive],
        files: dict[str, bytes],
        tmp_path: Path,
        way: str,
        reason: str,
    ) -> None:
        last = list(fetch(archives, [server.mirror(way), server.mirror("good")], tmp_path))[-1]
        assert last.done == last.total
        assert names(tmp_path) == unpacked(files)
        assert f"/{way}/{archives[0].name}" in server.requests


def test_without_a_server_the_message_says_to_check_the_network(
    closed_port: str, archives: list[Archive], tmp_path: Path
) -> None:
    (tmp_path / "mine").write_text("kept")
    with pytest.raises(DatasetError, match=r"no connection to .* Check the network"):
        list(fetch(archives, [closed_port], tmp_path))
    assert names(tmp_path) == {"mine"}


def test_a_server_that_stays_silent_is_given_up(
    archives: list[Archive], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(download, "TIMEOUT", 0.05)
    with Server({}) as server, pytest.raises(DatasetError, match=r"timed out.* Check the network"):
        list(fetch(archives, [server.mirror("good")], tmp_path))
    assert names(tmp_path) == set()


def test_closing_after_a_silent_mirror_asks_no_other(
    server: Server, archives: list[Archive], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "TIMEOUT", 0.05)
    with Server({}) as silent:
        reports = fetch(archives, [silent.mirror("good"), server.mirror("good")], tmp_path)
        assert next(reports).done == next(reports).done == 0
        reports.close()
    assert server.requests == []
    assert names(tmp_path) == set()


def test_an_archive_that_is_there_is_not_downloaded_again(
    server: Server, archives: list[Archive], files: dict[str, bytes], tmp_path: Path
) -> None:
    whole, damaged = archives[0].name, archives[1].name
    (tmp_path / whole).write_bytes(files[whole])
    (tmp_path / damaged).write_bytes(files[damaged][:-1])
    last = list(fetch(archives, [server.mirror("good")], tmp_path))[-1]
    assert server.requests == [f"/good/{archive.name}" for archive in archives[1:]]
    assert last.done == last.total == sum(map(len, files.values()))
    assert names(tmp_path) == unpacked(files)


def test_a_full_disk_is_said_and_costs_nothing_that_was_there(
    server: Server, archives: list[Archive], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_source: object, target: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    old = tmp_path / archives[0].name.removesuffix(".gz")
    old.write_text("old")
    monkeypatch.setattr(shutil, "copyfileobj", no_room)
    with pytest.raises(DatasetError, match=r"The disk is full.*Free some space"):
        list(fetch(archives, [server.mirror("good")], tmp_path))
    assert names(tmp_path) == {old.name, archives[0].name}
    assert old.read_text() == "old"


def test_a_folder_that_cannot_be_made_is_named(archives: list[Archive], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match=r"cannot be written .*another data folder") as caught:
        list(fetch(archives, ["http://127.0.0.1/"], tmp_path / "file" / "raw"))
    assert str(tmp_path / "file" / "raw") in str(caught.value)


class TestDatasetsDownload:
    """datasets.download(), with torchvision's classes pointed at the server."""

    @pytest.fixture(autouse=True)
    def mirrors(self, server: Server, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
        mnist = datasets._torchvision_mnist()
        for known in (mnist.MNIST, mnist.FashionMNIST, mnist.KMNIST):
            monkeypatch.setattr(known, "mirrors", [server.mirror("good")])
            monkeypatch.setattr(known, "resources", [(name, md5(data)) for name, data in files.items()])

    @pytest.mark.parametrize(
        ("name", "folder"),
        [
            ("mnist", "MNIST/raw"),
            ("fashion-mnist", "FashionMNIST/raw"),
            ("fashion-mnist-32", "FashionMNIST/raw"),
            ("kmnist", "KMNIST/raw"),
        ],
    )
    def test_what_was_downloaded_loads(
        self, arrays: dict[str, np.ndarray], tmp_path: Path, name: str, folder: str
    ) -> None:
        assert not datasets.is_available(name, tmp_path)
        last = list(datasets.download(name, tmp_path))[-1]
        assert last.done == last.total
        assert names(tmp_path / folder) == names(tmp_path) == set(arrays)
        assert datasets.is_available(name, tmp_path)
        loaded = datasets.load(name, tmp_path)
        middle = slice(2, 30) if name == "fashion-mnist-32" else slice(None)
        assert np.array_equal(loaded.train_images[:, 0, middle, middle], arrays["train-images-idx3-ubyte"])
        assert np.array_equal(loaded.train_labels, arrays["train-labels-idx1-ubyte"])
        assert np.array_equal(loaded.test_labels, arrays["t10k-labels-idx1-ubyte"])

    def test_only_what_is_missing_or_damaged_is_downloaded(
        self, server: Server, arrays: dict[str, np.ndarray], tmp_path: Path
    ) -> None:
        raw = tmp_path / "MNIST" / "raw"
        raw.mkdir(parents=True)
        for name, array in arrays.items():
            (raw / name).write_bytes(idx(array))
        assert list(datasets.download("mnist", tmp_path)) == []
        (raw / "train-labels-idx1-ubyte").write_bytes(b"damaged")
        (raw / "t10k-images-idx3-ubyte").unlink()
        assert list(datasets.download("mnist", tmp_path))
        assert server.requests == ["/good/train-labels-idx1-ubyte.gz", "/good/t10k-images-idx3-ubyte.gz"]
        assert len(datasets.load("mnist", tmp_path).test_images) == IMAGES // 2

    def test_built_in_data_need_no_server(self, server: Server, tmp_path: Path) -> None:
        assert list(datasets.download("stroke-digits", tmp_path)) == []
        assert server.requests == []

    def test_an_unknown_name_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(DatasetError, match=r"no data set 'cifar'.*fashion-mnist"):
            next(datasets.download("cifar", tmp_path))
