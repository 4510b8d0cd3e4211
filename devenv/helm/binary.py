"""Where Helm comes from: what the person names, then the cache, else built. One that is merely on PATH is not used."""

import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from devenv.control_plane.cache import cache_root, exclusive
from devenv.control_plane.go_build import BuildFailedError, GoProgram, build_program
from devenv.control_plane.versions import machine
from devenv.programs import is_executable

HERE = Path(__file__).parent
OLDEST_GO = (1, 26)
VARIABLE = "TEST_ASSET_HELM"


class HelmMissingError(Exception):
    """No way led to Helm; the message names the ways out."""


def say_to_person(line: str) -> None:
    """Show progress on stderr, so that stdout stays for what a shell evaluates."""
    print(f"helm: {line}", file=sys.stderr, flush=True)


def ensure_helm(env: Mapping[str, str] = os.environ, say: Callable[[str], None] = say_to_person) -> Path:
    """Find Helm, or build it into the cache first, which takes one to three minutes when cold.

    Safe to call from several processes at once: one works, the others wait. Raises HelmMissingError.
    """
    if named := _named_by_person(env):
        return named
    helm = _cached(env)
    if not is_executable(helm):
        with exclusive(cache_root(env) / "helm" / "lock", say):
            _build_unless_there(helm, env, say)
    return helm


def pinned_version(module: str) -> str:
    """The version that go.mod pins of a module, without its v, such as 3.22.0."""
    pinned = re.search(rf"^\s*{re.escape(module)} v(\S+)", (HERE / "go.mod").read_text(), re.MULTILINE)
    if pinned is None:
        raise ValueError(f"{HERE / 'go.mod'} pins no {module}")
    return pinned[1]


def _named_by_person(env: Mapping[str, str]) -> Path | None:
    if not (own := env.get(VARIABLE)):
        return None
    if not is_executable(Path(own)):
        raise HelmMissingError(f"{VARIABLE}={own} is not an executable file; correct it or unset it")
    return Path(own).absolute()


def _cached(env: Mapping[str, str]) -> Path:
    return cache_root(env) / "helm" / pinned_version("helm.sh/helm/v3") / machine() / "helm"


def _build_unless_there(helm: Path, env: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Runs under the lock, so it looks again first: another process may have done the work while we waited."""
    if is_executable(helm):
        return
    say(f"building Helm {pinned_version('helm.sh/helm/v3')}; one to three minutes on two cores when cold")
    try:
        build_program(
            GoProgram("helm", "helm.sh/helm/v3/cmd/helm", _linker_flags(), HERE, OLDEST_GO), helm.parent, env, say
        )
    except BuildFailedError as error:
        raise HelmMissingError(_ways_out(str(error))) from error


def _linker_flags() -> str:
    """What Helm's own Makefile stamps: without it Helm takes itself for one of Kubernetes 1.20 when it templates."""
    _, minor, _ = pinned_version("k8s.io/client-go").split(".")
    kubernetes = {
        f"helm.sh/helm/v3/{package}.k8sVersion{part}": number
        for package in ("pkg/chartutil", "pkg/lint/rules")
        for part, number in (("Major", "1"), ("Minor", minor))  # client-go 0.37 is Kubernetes 1.37
    }
    stamps = {
        **kubernetes,
        "helm.sh/helm/v3/internal/version.version": f"v{pinned_version('helm.sh/helm/v3')}",
        "helm.sh/helm/v3/internal/version.gitTreeState": "clean",
    }
    return " ".join(["-s -w", *(f"-X {name}={value}" for name, value in stamps.items())])


def _ways_out(why: str) -> str:
    oldest_go = ".".join(map(str, OLDEST_GO))
    return (
        f"helm not found, and could not be built: {why}\n"
        "Either of these helps:\n"
        f"  1. install Go {oldest_go} or newer, with access to a Go module proxy (GOPROXY)\n"
        f"  2. set {VARIABLE} to the program helm, version 3.17 or newer"
    )
