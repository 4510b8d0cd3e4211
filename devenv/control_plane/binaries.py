"""Where etcd, kube-apiserver and kubectl come from: what the person names, then the cache, then fetched, then built.

The two environment variables are those of controller-runtime's envtest, so that a machine that is set up for other
operators needs nothing new here. A kubectl that merely is on PATH is never used: its version is anybody's guess.
"""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from devenv.control_plane import go_build, prebuilt
from devenv.control_plane.cache import binaries_folder, cache_root, exclusive
from devenv.control_plane.versions import Archive, built_version, machine, published_archive
from devenv.programs import is_executable

PROGRAMS = ("etcd", "kube-apiserver", "kubectl")


class BinariesMissingError(Exception):
    """No way led to the binaries; the message names the ways out."""


@dataclass(frozen=True)
class Binaries:
    """Paths of the three programs, each executable."""

    etcd: Path
    kube_apiserver: Path
    kubectl: Path


@dataclass(frozen=True)
class Sources:
    """Where to look: `env` stands for the process environment; without an archive the build follows the cache."""

    env: Mapping[str, str]
    archive: Archive | None
    machine: str

    def named_by_person(self, program: str) -> Path | None:
        """What TEST_ASSET_* or KUBEBUILDER_ASSETS say. Raises BinariesMissingError when they point at nothing."""
        variable = f"TEST_ASSET_{program.replace('-', '_').upper()}"
        if own := self.env.get(variable):
            if not is_executable(Path(own)):
                raise BinariesMissingError(f"{variable}={own} is not an executable file; correct it or unset it")
            return Path(own).absolute()
        assets = self.env.get("KUBEBUILDER_ASSETS")
        if not assets:
            return None
        if not Path(assets).is_dir():
            raise BinariesMissingError(f"KUBEBUILDER_ASSETS={assets} is not a folder; correct it or unset it")
        candidate = Path(assets).absolute() / program
        return candidate if is_executable(candidate) else None

    def cached(self, program: str) -> Path | None:
        """What an earlier run has built or fetched."""
        folders = [self.build_folder(), *([self.fetch_folder(self.archive)] if self.archive else [])]
        return next((folder / program for folder in folders if is_executable(folder / program)), None)

    def build_folder(self) -> Path:
        return binaries_folder(cache_root(self.env), built_version(), self.machine)

    def fetch_folder(self, archive: Archive) -> Path:
        return binaries_folder(cache_root(self.env), archive.kubernetes_version, self.machine)

    def look_up(self) -> dict[str, Path | None]:
        """Each program and where it is now, without fetching or building anything."""
        return {program: self.named_by_person(program) or self.cached(program) for program in PROGRAMS}


def sources_of_this_machine(from_source: bool = False) -> Sources:
    """The process environment; `from_source` leaves the published archive out of account."""
    return Sources(os.environ, None if from_source else published_archive(machine()), machine())


def say_to_person(line: str) -> None:
    """The default way to show progress: on stderr, at once, so that stdout stays for what a shell evaluates."""
    print(f"control plane: {line}", file=sys.stderr, flush=True)


def ensure_binaries(sources: Sources | None = None, say: Callable[[str], None] = say_to_person) -> Binaries:
    """Find the three programs; what is missing is fetched or built into the cache first, which takes minutes when cold.

    Safe to call from several processes at once: one works, the others wait. Raises BinariesMissingError.
    """
    sources = sources or sources_of_this_machine()
    if not all(sources.look_up().values()):
        with exclusive(cache_root(sources.env) / "control-plane" / "lock", say):
            _obtain_missing(sources, say)
    found = sources.look_up()
    if still_missing := [program for program, path in found.items() if path is None]:
        raise BinariesMissingError(_ways_out(still_missing, "the cache was emptied meanwhile"))
    etcd, kube_apiserver, kubectl = (path for path in found.values() if path is not None)
    return Binaries(etcd, kube_apiserver, kubectl)


def _obtain_missing(sources: Sources, say: Callable[[str], None]) -> None:
    """Runs under the lock, so it looks again first: another process may have done the work while we waited."""
    if sources.archive and (missing := _missing(sources)):
        _try_prebuilt(sources.archive, missing, sources.fetch_folder(sources.archive), say)
    missing = _missing(sources)
    if missing:
        say(f"building {', '.join(missing)} of Kubernetes {built_version()}; about four minutes on two cores when cold")
    try:
        for program in missing:  # one after the other: each build takes every core by itself
            go_build.build(program, sources.build_folder(), sources.env, say)
    except go_build.BuildFailedError as error:
        raise BinariesMissingError(_ways_out(_missing(sources), str(error))) from error


def _missing(sources: Sources) -> list[str]:
    return [program for program, path in sources.look_up().items() if path is None]


def _try_prebuilt(archive: Archive, wanted: list[str], folder: Path, say: Callable[[str], None]) -> None:
    try:
        prebuilt.fetch(archive, wanted, folder, say)
    except prebuilt.UnreachableError as error:
        say(f"no prebuilt archive here ({error})")
    except prebuilt.ChecksumMismatchError as error:
        say(f"REFUSED the prebuilt archive: {error}")


def _ways_out(missing: list[str], why: str) -> str:
    oldest_go = ".".join(map(str, go_build.OLDEST_GO))
    return (
        f"{', '.join(missing)} not found, and could not be fetched or built: {why}\n"
        "Any one of these helps:\n"
        f"  1. install Go {oldest_go} or newer, with access to a Go module proxy (GOPROXY)\n"
        "  2. set KUBEBUILDER_ASSETS to a folder that holds etcd, kube-apiserver and kubectl\n"
        "  3. set TEST_ASSET_ETCD, TEST_ASSET_KUBE_APISERVER and TEST_ASSET_KUBECTL to the three files"
    )
