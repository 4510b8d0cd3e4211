"""Where found binaries are kept between runs, and how two processes share that place."""

import contextlib
import fcntl
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path


def cache_root(env: Mapping[str, str]) -> Path:
    """SFN_ROLLOUTS_CACHE, else $XDG_CACHE_HOME/sfn-rollouts, else ~/.cache/sfn-rollouts.

    A relative XDG_CACHE_HOME is ignored, as the XDG Base Directory specification asks.
    """
    if own := env.get("SFN_ROLLOUTS_CACHE"):
        return Path(own).absolute()
    xdg = Path(env.get("XDG_CACHE_HOME", ""))
    home = Path(env["HOME"]) if "HOME" in env else Path.home()
    return (xdg if xdg.is_absolute() else home / ".cache") / "sfn-rollouts"


def binaries_folder(root: Path, kubernetes_version: str, machine: str) -> Path:
    """The folder that holds etcd, kube-apiserver and kubectl of one version for one machine."""
    return root / "control-plane" / kubernetes_version / machine


@contextlib.contextmanager
def exclusive(lock_file: Path, say: Callable[[str], None], remind_every_s: float = 10) -> Iterator[None]:
    """Hold the lock file; while another process holds it, say so now and then.

    The kernel drops the lock with its process, so a killed build never locks the next one out.
    """
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("w") as handle:
        _lock(handle.fileno(), say, remind_every_s)
        yield


@contextlib.contextmanager
def staging_folder(beside: Path) -> Iterator[Path]:
    """A scratch folder on the file system of `beside`, so that a finished file moves into place by an atomic rename."""
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=beside) as folder:
        yield Path(folder)


def _lock(descriptor: int, say: Callable[[str], None], remind_every_s: float) -> None:
    started = time.monotonic()
    next_reminder = started
    while not _try_lock(descriptor):
        if time.monotonic() >= next_reminder:
            say(f"waiting for another process that prepares the binaries, {time.monotonic() - started:.0f} s")
            next_reminder += remind_every_s
        time.sleep(0.1)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def install(finished: Path, folder: Path) -> Path:
    """Move a finished file into `folder`, executable, in one step of which readers cannot see half."""
    finished.chmod(0o755)
    target = folder / finished.name
    finished.replace(target)
    return target
