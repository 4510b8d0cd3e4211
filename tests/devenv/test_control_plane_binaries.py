"""Where the binaries come from. Fake programs in temporary folders; nothing here leaves the machine."""

import hashlib
import http.server
import io
import tarfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from devenv.control_plane.binaries import PROGRAMS, BinariesMissingError, Sources, ensure_binaries
from devenv.control_plane.cache import binaries_folder, cache_root
from devenv.control_plane.go_build import build
from devenv.control_plane.versions import Archive, built_version, published_archive

MACHINE = "linux-amd64"
ARCHIVED_VERSION = "1.35.0"

# Stands for Go: says its version, and "builds" a file that holds the name of the package.
FAKE_GO = """#!/bin/sh
echo "$@" >> "$GO_CALLS"
case "$1" in
env) echo go1.25.3 ;;
build)
  while [ "$1" != -o ]; do shift; done
  echo "built from $3" > "$2" ;;
esac
"""
OLD_GO = "#!/bin/sh\necho go1.22.1\n"
BROKEN_GO = '#!/bin/sh\n[ "$1" = env ] && echo go1.26.0 && exit\necho "module lookup disabled" >&2; exit 1\n'


def program(path: Path, content: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    path.chmod(0o755)
    return path


def programs(folder: Path) -> Path:
    for name in PROGRAMS:
        program(folder / name)
    return folder


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An environment in which nothing is set up: no Go, an empty cache."""
    return {"SFN_ROLLOUTS_CACHE": str(tmp_path / "cache"), "PATH": "", "GO_CALLS": str(tmp_path / "go-calls")}


@pytest.fixture
def go(env: dict[str, str], tmp_path: Path) -> Callable[[str], None]:
    """Puts a fake Go on the PATH of `env`."""

    def install(script: str) -> None:
        env["PATH"] = f"{program(tmp_path / 'go' / 'go', script).parent}:/usr/bin:/bin"

    return install


def sources(env: dict[str, str], archive: Archive | None = None) -> Sources:
    return Sources(env, archive, MACHINE)


def found_kubectl(env: dict[str, str], tmp_path: Path) -> str:
    """Where kubectl was found, relative to the test's folder."""
    return str(ensure_binaries(sources(env), say=lambda _: None).kubectl.relative_to(tmp_path))


# -- order ------------------------------------------------------------------------------------------------------------

LOOKUP_ORDER = {
    "a file named by TEST_ASSET comes first": (["named", "assets", "cache"], "named/kubectl"),
    "then the folder named by KUBEBUILDER_ASSETS": (["assets", "cache"], "assets/kubectl"),
    "then the cache": (["cache"], f"cache/control-plane/{built_version()}/{MACHINE}/kubectl"),
}


@pytest.mark.parametrize(("places", "expected"), LOOKUP_ORDER.values(), ids=LOOKUP_ORDER.keys())
def test_look_up(places: list[str], expected: str, env: dict[str, str], tmp_path: Path) -> None:
    for name in PROGRAMS:
        if "named" in places:
            path = program(tmp_path / "named" / name)
            env[f"TEST_ASSET_{name.replace('-', '_').upper()}"] = str(path)
    if "assets" in places:
        env["KUBEBUILDER_ASSETS"] = str(programs(tmp_path / "assets"))
    programs(binaries_folder(cache_root(env), built_version(), MACHINE))
    assert found_kubectl(env, tmp_path) == expected


def test_each_program_is_looked_up_by_itself(env: dict[str, str], tmp_path: Path) -> None:
    programs(binaries_folder(cache_root(env), built_version(), MACHINE))
    env["TEST_ASSET_ETCD"] = str(program(tmp_path / "my-etcd"))
    env["KUBEBUILDER_ASSETS"] = str(program(tmp_path / "assets" / "kube-apiserver").parent)
    found = ensure_binaries(sources(env), say=lambda _: None)
    assert (found.etcd.name, found.kube_apiserver.parent.name, found.kubectl.parent.name) == (
        "my-etcd",
        "assets",
        MACHINE,
    )


def test_what_was_unpacked_earlier_is_found_when_nothing_was_built(env: dict[str, str], tmp_path: Path) -> None:
    archive = Archive(ARCHIVED_VERSION, "http://127.0.0.1:1/never-asked", "")
    programs(binaries_folder(cache_root(env), ARCHIVED_VERSION, MACHINE))
    found = ensure_binaries(sources(env, archive), say=lambda _: None)
    assert found.kubectl.parent.parent.name == ARCHIVED_VERSION


def test_a_kubectl_that_merely_is_on_the_path_is_not_used(env: dict[str, str], tmp_path: Path) -> None:
    env["PATH"] = str(programs(tmp_path / "bin"))
    with pytest.raises(BinariesMissingError, match="etcd, kube-apiserver, kubectl not found"):
        ensure_binaries(sources(env), say=lambda _: None)


NAMED_WRONGLY = {
    "a file that does not exist": ({"TEST_ASSET_KUBECTL": "/nonexistent/kubectl"}, "TEST_ASSET_KUBECTL=/nonexistent"),
    "a file that cannot be run": (
        {"TEST_ASSET_ETCD": "/etc/passwd"},
        "TEST_ASSET_ETCD=/etc/passwd is not an executable",
    ),
    "a folder that does not exist": ({"KUBEBUILDER_ASSETS": "/nonexistent"}, "KUBEBUILDER_ASSETS=/nonexistent is not"),
}


@pytest.mark.parametrize(("settings", "message"), NAMED_WRONGLY.values(), ids=NAMED_WRONGLY.keys())
def test_what_a_person_named_wrongly_is_reported_not_skipped(
    settings: dict[str, str], message: str, env: dict[str, str]
) -> None:
    with pytest.raises(BinariesMissingError, match=message):
        ensure_binaries(sources(env | settings), say=lambda _: None)


CACHE_ROOTS = {
    "its own variable wins": ({"SFN_ROLLOUTS_CACHE": "/a", "XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/a"),
    "then the XDG one": ({"XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/x/sfn-rollouts"),
    "a relative XDG folder is ignored": ({"XDG_CACHE_HOME": "x", "HOME": "/h"}, "/h/.cache/sfn-rollouts"),
    "else the home folder": ({"HOME": "/h"}, "/h/.cache/sfn-rollouts"),
}


@pytest.mark.parametrize(("settings", "expected"), CACHE_ROOTS.values(), ids=CACHE_ROOTS.keys())
def test_cache_root(settings: dict[str, str], expected: str) -> None:
    assert cache_root(settings) == Path(expected)


# -- the prebuilt archive ---------------------------------------------------------------------------------------------


def archive_bytes() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name in [*PROGRAMS, "../../escaped"]:
            content = f"prebuilt {name}".encode()
            member = tarfile.TarInfo(f"controller-tools/envtest/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def archive_server() -> Iterator[str]:
    """A server on loopback that answers every path with the archive; gives its URL."""
    body = archive_bytes()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/envtest.tar.gz"
        server.shutdown()
        thread.join()


def test_the_prebuilt_archive_is_unpacked_when_its_checksum_is_right(
    archive_server: str, env: dict[str, str], tmp_path: Path
) -> None:
    archive = Archive(ARCHIVED_VERSION, archive_server, hashlib.sha512(archive_bytes()).hexdigest())
    found = ensure_binaries(sources(env, archive), say=lambda _: None)
    folder = binaries_folder(cache_root(env), ARCHIVED_VERSION, MACHINE)
    assert {path.name for path in folder.iterdir()} == set(PROGRAMS)
    assert found.etcd.read_text() == "prebuilt etcd"
    assert not list(tmp_path.rglob("escaped"))


def test_an_archive_with_another_checksum_is_refused_and_never_unpacked(
    archive_server: str, env: dict[str, str], go: Callable[[str], None]
) -> None:
    go(FAKE_GO)
    said: list[str] = []
    found = ensure_binaries(sources(env, Archive(ARCHIVED_VERSION, archive_server, "0" * 128)), say=said.append)
    assert any(line.startswith("REFUSED the prebuilt archive") and "not the pinned 000" in line for line in said)
    assert found.etcd.read_text() == "built from go.etcd.io/etcd/server/v3\n"
    assert not list(binaries_folder(cache_root(env), ARCHIVED_VERSION, MACHINE).iterdir())


def test_an_archive_that_cannot_be_reached_leaves_the_work_to_go(
    env: dict[str, str], go: Callable[[str], None]
) -> None:
    go(FAKE_GO)
    said: list[str] = []
    ensure_binaries(sources(env, Archive(ARCHIVED_VERSION, "http://127.0.0.1:1/closed", "")), say=said.append)
    assert "no prebuilt archive here" in said[0]
    assert "built kubectl" in said[-1]


def test_each_published_archive_is_pinned_and_of_the_minor_version_that_is_built() -> None:
    for machine in ("linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64"):
        archive = published_archive(machine)
        assert archive is not None
        assert len(bytes.fromhex(archive.sha512)) == 64
        assert archive.kubernetes_version.split(".")[:2] == built_version().split(".")[:2]
    assert published_archive("plan9-mips") is None


# -- building ---------------------------------------------------------------------------------------------------------


def test_what_is_missing_is_built_once_and_then_found(env: dict[str, str], go: Callable[[str], None]) -> None:
    go(FAKE_GO)
    first = ensure_binaries(sources(env), say=lambda _: None)
    second = ensure_binaries(sources(env), say=lambda _: None)
    assert first == second
    assert first.kube_apiserver.read_text() == "built from k8s.io/kubernetes/cmd/kube-apiserver\n"
    assert len(builds(env)) == 3


def test_two_at_once_build_once(env: dict[str, str], go: Callable[[str], None]) -> None:
    go(FAKE_GO)
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: ensure_binaries(sources(env), say=lambda _: None), range(2)))
    assert both[0] == both[1]
    assert len(builds(env)) == 3


def test_a_build_stamps_the_version_that_clients_ask_for(env: dict[str, str], go: Callable[[str], None]) -> None:
    go(FAKE_GO)
    ensure_binaries(sources(env), say=lambda _: None)
    assert f"component-base/version.gitVersion=v{built_version()} " in builds(env)[-1]


def test_a_long_build_says_that_it_is_alive(env: dict[str, str], go: Callable[[str], None], tmp_path: Path) -> None:
    go(FAKE_GO.replace("build)", 'build)\n  while [ ! -e "$MAY_END" ]; do :; done'))
    env["MAY_END"] = str(tmp_path / "may-end")
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        Path(env["MAY_END"]).touch()  # the build ends only when it has been heard of

    build("etcd", tmp_path / "bin", env, say, report_every_s=0.05)
    assert said[0] == "building etcd: 0 s"
    assert said[-1].startswith("built etcd in ")


def builds(env: dict[str, str]) -> list[str]:
    return [call for call in Path(env["GO_CALLS"]).read_text().splitlines() if call.startswith("build")]


CANNOT_BUILD = {
    "no Go at all": (None, "no `go` on PATH"),
    "a Go that is too old": (OLD_GO, r"is go1\.22\.1, and Go 1\.25 or newer is needed"),
    "a Go that cannot reach modules": (BROKEN_GO, "module lookup disabled"),
}


@pytest.mark.parametrize(("script", "why"), CANNOT_BUILD.values(), ids=CANNOT_BUILD.keys())
def test_when_nothing_helps_the_error_says_why_and_names_three_ways_out(
    script: str | None, why: str, env: dict[str, str], go: Callable[[str], None]
) -> None:
    if script:
        go(script)
    with pytest.raises(BinariesMissingError, match=why) as raised:
        ensure_binaries(sources(env), say=lambda _: None)
    message = str(raised.value)
    assert "1. install Go 1.25 or newer, with access to a Go module proxy" in message
    assert "2. set KUBEBUILDER_ASSETS" in message
    assert "3. set TEST_ASSET_ETCD, TEST_ASSET_KUBE_APISERVER and TEST_ASSET_KUBECTL" in message
    assert not list(cache_root(env).rglob("etcd"))
