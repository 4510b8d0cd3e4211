"""The slow way that always works where Go modules can be had: building the binaries from go.mod and go.sum."""

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from devenv.control_plane.cache import install, staging_folder
from devenv.control_plane.versions import HERE, built_version

OLDEST_GO = (1, 25)
REPORT_EVERY_S = 10.0
_PACKAGES = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
}


class BuildFailedError(Exception):
    """Go is missing, too old, or failed; the message says which, with the compiler's last lines."""


@dataclass(frozen=True)
class GoProgram:
    """What to build: a package of the module in `module_folder`, which pins all it needs in go.mod and go.sum."""

    name: str
    package: str
    linker_flags: str
    module_folder: Path
    oldest_go: tuple[int, int] = OLDEST_GO


def build(
    program: str,
    folder: Path,
    env: Mapping[str, str],
    say: Callable[[str], None],
    report_every_s: float = REPORT_EVERY_S,
) -> Path:
    """Build one program of the control plane into `folder`. Raises BuildFailedError."""
    wanted = GoProgram(program, _PACKAGES[program], _linker_flags(program), HERE)
    return build_program(wanted, folder, env, say, report_every_s)


def build_program(
    program: GoProgram,
    folder: Path,
    env: Mapping[str, str],
    say: Callable[[str], None],
    report_every_s: float = REPORT_EVERY_S,
) -> Path:
    """Build a program into `folder`, which sees it only when it is complete. Raises BuildFailedError."""
    go = _usable_go(env, program.oldest_go)
    with staging_folder(folder) as staging:
        finished, log = staging / program.name, staging / "go.log"
        command = [go, "build", "-trimpath", "-buildvcs=false", "-mod=readonly"]
        command += ["-ldflags", program.linker_flags, "-o", str(finished), program.package]
        elapsed_s = _Build(command, program.module_folder, log, _go_environment(env)).run(
            report_every_s, lambda elapsed: say(f"building {program.name}: {elapsed}")
        )
        say(f"built {program.name} in {elapsed_s:.0f} s")
        return install(finished, folder)


def _usable_go(env: Mapping[str, str], oldest_go: tuple[int, int]) -> str:
    wanted = ".".join(map(str, oldest_go))
    go = shutil.which("go", path=env.get("PATH", ""))
    if go is None:
        raise BuildFailedError(f"no `go` on PATH (Go {wanted} or newer is needed)")
    answer = subprocess.run(
        [go, "env", "GOVERSION"], cwd=HERE.parent, env=_go_environment(env), capture_output=True, text=True, check=False
    )
    found = re.match(r"go(\d+)\.(\d+)", answer.stdout)
    if found is None or (int(found[1]), int(found[2])) < oldest_go:
        version = answer.stdout.strip() or answer.stderr.strip()
        raise BuildFailedError(f"{go} is {version}, and Go {wanted} or newer is needed")
    return go


def _go_environment(env: Mapping[str, str]) -> dict[str, str]:
    """The caller's Go settings (proxy, caches), less what would change the result or fetch another toolchain."""
    return {**env, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"}


def _linker_flags(program: str) -> str:
    """Without its version a Kubernetes binary says v0.0.0-master, which some clients refuse."""
    if program == "etcd":
        return "-s -w"
    version = built_version()
    major, minor, *_ = version.split(".")
    stamps = {
        "gitVersion": f"v{version}",
        "gitMajor": major,
        "gitMinor": minor,
        "gitTreeState": "clean",
        "buildDate": "2026-01-01T00:00:00Z",  # fixed, so that the same sources give the same binary
    }
    return " ".join(["-s -w", *(f"-X k8s.io/component-base/version.{name}={value}" for name, value in stamps.items())])


@dataclass(frozen=True)
class _Build:
    command: list[str]
    folder: Path
    log: Path
    env: dict[str, str]

    def run(self, report_every_s: float, say: Callable[[str], None]) -> float:
        """Build it; return the seconds it took."""
        started = time.monotonic()
        with self.log.open("wb") as output:
            process = subprocess.Popen(
                self.command, cwd=self.folder, env=self.env, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            while not _ends_within(process, report_every_s):
                say(f"{time.monotonic() - started:.0f} s")
        finally:
            process.kill()  # only does something when we leave early, as by Ctrl-C
            process.wait()
        if process.returncode:
            raise BuildFailedError(f"`{' '.join(self.command[:2])} {self.command[-1]}` failed:\n{_tail(self.log)}")
        return time.monotonic() - started


def _ends_within(process: subprocess.Popen[bytes], timeout_s: float) -> bool:
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return False
    return True


def _tail(log: Path, lines: int = 20) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
