"""Downloads of gzip archives: streamed, checked, unpacked, and cancellable between any two chunks."""

from __future__ import annotations

import errno
import gzip
import hashlib
import http.client
import os
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from vae.errors import DatasetError

CHUNK = 64 * 1024  # bytes read at once, at most
TIMEOUT = 10.0  # seconds without a byte before a server counts as gone
USER_AGENT = "latent-explorer"


@dataclass(frozen=True)
class Archive:
    """A file to download, compressed by gzip."""

    name: str  # for example train-images-idx3-ubyte.gz
    md5: str  # of the compressed file, in hexadecimal
    size: int  # of the compressed file in bytes; a guess, until the server tells


@dataclass(frozen=True)
class DownloadProgress:
    """How far a download has come."""

    file: str  # the archive at work
    done: int  # bytes of all archives so far
    total: int  # bytes of all archives


class _MirrorError(Exception):
    """A server did not deliver; another may. The message is a clause that names the server."""


def fetch(
    archives: Sequence[Archive], mirrors: Sequence[str], folder: Path
) -> Generator[DownloadProgress, None, None]:
    """Download ``archives`` into ``folder`` and unpack each beside itself, under its name without ``.gz``.

    Yields after each chunk, and after each mirror that failed, so whoever drives the generator may pause it,
    and may stop it by closing it: the file at work is then removed. Files appear under their names only once
    they are whole. An archive that already lies in the folder with the right checksum is unpacked without
    being downloaded. ``done`` falls back only when a mirror breaks off and the file is started again.

    Args:
        archives: what to download; it is stored nowhere once it is unpacked.
        mirrors: addresses to put before the archives' names, the next tried when one fails.
        folder: made when it is not there.

    Raises:
        DatasetError: no mirror delivered an archive with the right checksum, or the folder cannot be
            written, for example because the disk is full.
    """
    sizes = {archive.name: archive.size for archive in archives}
    done = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for archive in archives:
            yield DownloadProgress(archive.name, done, sum(sizes.values()))
            path = folder / archive.name
            if not (path.is_file() and _md5(path) == archive.md5):
                for received, size in _from_any_mirror(archive, mirrors, path):
                    sizes[archive.name] = size
                    yield DownloadProgress(archive.name, done + received, sum(sizes.values()))
            sizes[archive.name] = path.stat().st_size
            done += sizes[archive.name]
            _unpack(path)
            yield DownloadProgress(archive.name, done, sum(sizes.values()))
    except OSError as error:
        raise _folder_error(folder, error) from error


def _from_any_mirror(
    archive: Archive, mirrors: Sequence[str], path: Path
) -> Generator[tuple[int, int], None, None]:
    """Try one mirror after the other; yields the bytes received of this archive and its size."""
    failures = []
    for mirror in mirrors:
        try:
            yield from _from_mirror(mirror + archive.name, archive, path)
            return
        except _MirrorError as error:
            failures.append(str(error))
            yield 0, archive.size  # whoever has had enough by now need not wait for the next one
    raise DatasetError(
        f"{archive.name} could not be downloaded: {'; '.join(failures)}. Check the network connection and "
        f"download again. If you have the file from elsewhere, put it into {path.parent} first."
    )


def _from_mirror(url: str, archive: Archive, path: Path) -> Generator[tuple[int, int], None, None]:
    """Stream ``url`` into ``path``; yields the bytes received and the size."""
    host = urllib.parse.urlsplit(url).netloc
    digest = hashlib.md5(usedforsecurity=False)
    received = 0
    with _open(url, host) as response, _whole_or_nothing(path) as file:
        size = response.length
        while received != size:
            with _named_failures(host):
                chunk = response.read1(CHUNK)
            if not chunk:
                break
            file.write(chunk)
            digest.update(chunk)
            received += len(chunk)
            yield received, max(received, archive.size if size is None else size)
        if size is not None and received < size:
            raise _MirrorError(f"{host} broke off after {received:,} of {size:,} bytes")
        if digest.hexdigest() != archive.md5:
            raise _MirrorError(
                f"{host} sent something else (its MD5 checksum is {digest.hexdigest()}, not {archive.md5})"
            )


@contextmanager
def _open(url: str, host: str) -> Iterator[http.client.HTTPResponse]:
    request = urllib.request.Request(url, headers={"User-Agent": USER_AGENT})
    with _named_failures(host):
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    with response:
        yield response


@contextmanager
def _named_failures(host: str) -> Iterator[None]:
    """Turn what the network can do to us into a _MirrorError."""
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        raise _MirrorError(f"{host} answered '{error.code} {error.reason}'") from error
    except (OSError, http.client.HTTPException) as error:
        cause = error.reason if isinstance(error, urllib.error.URLError) else error
        reason = (cause.strerror if isinstance(cause, OSError) else None) or str(cause)
        raise _MirrorError(f"no connection to {host} ({reason})") from error


@contextmanager
def _whole_or_nothing(path: Path) -> Iterator[IO[bytes]]:
    """A new file that takes the name ``path`` when the block ends well, and vanishes when it does not."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _unpack(archive: Path) -> None:
    """Put the content of ``archive`` beside it, then remove it."""
    with gzip.open(archive) as packed, _whole_or_nothing(archive.with_suffix("")) as file:
        shutil.copyfileobj(packed, file)
    archive.unlink()


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _folder_error(folder: Path, error: OSError) -> DatasetError:
    if error.errno == errno.ENOSPC:
        return DatasetError(
            f"The disk is full: there is no room for the data set in {folder}. "
            "Free some space or choose another data folder (--data-dir), then download again."
        )
    return DatasetError(
        f"The folder {folder} cannot be written ({error.strerror or error}). "
        "Choose another data folder (--data-dir), then download again."
    )
