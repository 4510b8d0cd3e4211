"""The quick way to the binaries: the archive that the Kubernetes project publishes for tests, pinned by checksum."""

import hashlib
import queue
import tarfile
import threading
import urllib.request
from collections.abc import Callable, Collection
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import BinaryIO

from devenv.control_plane.cache import install, staging_folder
from devenv.control_plane.versions import Archive

CONNECT_DEADLINE_S = 5.0
READ_TIMEOUT_S = 15.0
_CHUNK_BYTES = 1 << 20


class UnreachableError(Exception):
    """The archive could not be had in time; the next way to the binaries takes over."""


class ChecksumMismatchError(Exception):
    """What was downloaded is not what was pinned. Nothing of it has been unpacked."""


def fetch(archive: Archive, wanted: Collection[str], folder: Path, say: Callable[[str], None]) -> None:
    """Download, verify and only then unpack the `wanted` programs of an archive into `folder`.

    Raises UnreachableError or ChecksumMismatchError; in both cases `folder` is as it was.
    """
    with staging_folder(folder) as staging:
        downloaded = staging / "archive.tar.gz"
        with _open(archive.url) as response, downloaded.open("wb") as file:
            say(f"downloading Kubernetes {archive.kubernetes_version} binaries")
            checksum = _copy(response, file)
        if checksum != archive.sha512:
            raise ChecksumMismatchError(f"{archive.url} has SHA-512 {checksum}, not the pinned {archive.sha512}")
        for program in _unpack(downloaded, wanted, staging):
            install(program, folder)


def _open(url: str) -> HTTPResponse:
    """Connect in a thread of its own: a timeout on the socket bounds neither the name look-up nor several addresses."""
    answers: queue.SimpleQueue[HTTPResponse | Exception] = queue.SimpleQueue()

    def connect() -> None:
        try:
            answers.put(urllib.request.urlopen(url, timeout=READ_TIMEOUT_S))  # noqa: S310  (a URL of prebuilt.json)
        except (OSError, HTTPException) as error:
            answers.put(error)

    threading.Thread(target=connect, daemon=True, name="prebuilt-connect").start()
    try:
        answer = answers.get(timeout=CONNECT_DEADLINE_S)
    except queue.Empty:
        raise UnreachableError(f"no answer within {CONNECT_DEADLINE_S:g} s") from None
    if isinstance(answer, Exception):
        raise UnreachableError(str(answer)) from answer
    return answer


def _copy(response: HTTPResponse, file: BinaryIO) -> str:
    checksum = hashlib.sha512()
    try:
        while chunk := response.read(_CHUNK_BYTES):
            checksum.update(chunk)
            file.write(chunk)
    except (OSError, HTTPException) as error:
        raise UnreachableError(f"the download broke off: {error}") from error
    return checksum.hexdigest()


def _unpack(archive: Path, wanted: Collection[str], into: Path) -> list[Path]:
    """Write the wanted regular files under their bare names: a path inside the archive decides nothing."""
    unpacked = []
    with tarfile.open(archive) as members:
        for member in members:
            name = Path(member.name).name
            content = members.extractfile(member) if member.isfile() and name in wanted else None
            if content is not None:
                (into / name).write_bytes(content.read())
                unpacked.append(into / name)
    return unpacked
