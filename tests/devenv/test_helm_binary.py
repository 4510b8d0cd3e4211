"""Where Helm comes from. Fake programs in temporary folders; nothing here leaves the machine."""

import re
from pathlib import Path

import pytest

from devenv.helm import HelmMissingError, ensure_helm
from devenv.helm.binary import OLDEST_GO, pinned_version

ROOT = Path(__file__).parents[2]

# Stands for Go: says its version, and "builds" a file that holds how it was asked.
FAKE_GO = """#!/bin/sh
case "$1" in
env) echo go1.26.0 ;;
build)
  asked="$PWD $*"
  while [ "$1" != -o ]; do shift; done
  echo "$asked" > "$2" ;;
esac
"""
OLD_GO = "#!/bin/sh\necho go1.25.3\n"


def program(path: Path, content: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    path.chmod(0o755)
    return path


def environment(tmp_path: Path, go: str | None = None) -> dict[str, str]:
    """An empty cache, and `go` as the only program besides the system's."""
    path = f"{program(tmp_path / 'go' / 'go', go).parent}:/usr/bin:/bin" if go else ""
    return {"SFN_ROLLOUTS_CACHE": str(tmp_path / "cache"), "PATH": path}


def silent(line: str) -> None:
    """Progress that nobody reads."""


def test_a_helm_that_a_person_names_comes_first(tmp_path: Path) -> None:
    mine = program(tmp_path / "my-helm")
    assert ensure_helm({**environment(tmp_path, FAKE_GO), "TEST_ASSET_HELM": str(mine)}, silent) == mine


def test_a_helm_that_a_person_names_wrongly_is_reported_not_skipped(tmp_path: Path) -> None:
    with pytest.raises(HelmMissingError, match="TEST_ASSET_HELM=/nonexistent is not an executable file"):
        ensure_helm({**environment(tmp_path, FAKE_GO), "TEST_ASSET_HELM": "/nonexistent"}, silent)


def test_it_is_built_once_and_then_found(tmp_path: Path) -> None:
    env = environment(tmp_path, FAKE_GO)
    said: list[str] = []
    first = ensure_helm(env, said.append)
    again: list[str] = []
    assert ensure_helm(env, again.append) == first
    assert (len(said), again) == (2, [])


def test_a_build_stamps_helms_version_and_the_kubernetes_that_it_templates_for(tmp_path: Path) -> None:
    asked = ensure_helm(environment(tmp_path, FAKE_GO), silent).read_text()
    _, minor, _ = pinned_version("k8s.io/client-go").split(".")
    assert f"version.version=v{pinned_version('helm.sh/helm/v3')} " in asked
    assert f"pkg/chartutil.k8sVersionMinor={minor} " in asked
    assert f"pkg/lint/rules.k8sVersionMinor={minor} " in asked
    assert "devenv/helm build" in asked, "not built in the folder of its own go.mod"


CANNOT_BUILD = {
    "no Go, and a helm on the PATH": (None, "no `go` on PATH"),
    "a Go that is too old": (OLD_GO, r"is go1\.25\.3, and Go 1\.26 or newer is needed"),
}


@pytest.mark.parametrize(("go", "why"), CANNOT_BUILD.values(), ids=CANNOT_BUILD.keys())
def test_when_nothing_helps_the_error_says_why_and_names_the_ways_out(go: str | None, why: str, tmp_path: Path) -> None:
    env = environment(tmp_path, go)
    if go is None:
        env["PATH"] = str(program(tmp_path / "bin" / "helm").parent)
    with pytest.raises(HelmMissingError, match=why) as raised:
        ensure_helm(env, silent)
    assert "1. install Go 1.26 or newer, with access to a Go module proxy" in str(raised.value)
    assert "2. set TEST_ASSET_HELM" in str(raised.value)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/tour.md"])
def test_pages_ask_for_the_go_that_helm_needs(page: str) -> None:
    """Of what is built from source it needs the newest."""
    named = re.findall(r"Go ([0-9.]+) or newer", (ROOT / page).read_text())
    assert set(named) == {".".join(map(str, OLDEST_GO))}
    assert f"\ngo {named[0]}." in (ROOT / "devenv/helm/go.mod").read_text()
