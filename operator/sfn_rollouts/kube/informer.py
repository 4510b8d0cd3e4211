"""kopf as a thin informer: a list, then a watch, each change handed on at once. It decides nothing and writes nothing.

kopf runs in a thread and event loop of its own, because it stalls its loop while it lists and cancels all tasks in it
when it ends. It ends for good on errors like a watch that breaks off with an ERROR event; it is then started again.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import kopf

from sfn_rollouts.api import GROUP, PLURAL, VERSION
from sfn_rollouts.api.access import ACCESS_PLURAL
from sfn_rollouts.backoff import Delays
from sfn_rollouts.errors import Transient
from sfn_rollouts.kube.answers import ACCESS, GROUPS, KINDS, NAMESPACE, ROLLOUT, Answer
from sfn_rollouts.kube.connection import Connection, path_of
from sfn_rollouts.kube.kopf_login import connection_info
from sfn_rollouts.kube.kopf_storages import NoDiffBase, NoProgress
from sfn_rollouts.logs import get_logger
from sfn_rollouts.ports import Clock

Resource = Mapping[str, Any]
Seen = Callable[[Resource], None]
Gone = Callable[[str], None]
_FIRST_RETRY_S = 0.5
_SOUND_AFTER_S = 60.0  # kopf ran that long: what ended it is a new problem, not the old one
_ROUNDS = 3  # a task may start another while it ends
_CLOSING_S = 0.25  # aiohttp's TLS connections close a moment after their session
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Watch:
    """One kind of resource that is listed and watched, what each must be, and who hears of it."""

    group: str
    version: str
    plural: str
    due: Answer
    seen: Seen
    gone: Gone


class Informer:
    """Calls `seen(resource)` for each rollout there is and each change, `gone(uid)` once one is deleted.

    `access_seen` and `access_gone` likewise for AWSAccesses, `namespace_seen` and `namespace_gone` for namespaces: for
    those of the whole cluster, whichever namespaces are watched for rollouts.

    All are called in kopf's thread and must return at once. Deletions while the watch is broken for long are lost:
    who listens compares with a full list now and then. `restarted` is called each time kopf had to be started again.
    """

    def __init__(
        self,
        connection: Connection,
        namespaces: Sequence[str],
        *,
        seen: Seen,
        gone: Gone,
        access_seen: Seen,
        access_gone: Gone,
        namespace_seen: Seen,
        namespace_gone: Gone,
        restarted: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._connection = connection
        self._namespaces = tuple(namespaces)
        self._registry = _registry(
            connection,
            _Watch(GROUP, VERSION, PLURAL, ROLLOUT, seen, gone),
            _Watch(GROUP, VERSION, ACCESS_PLURAL, ACCESS, access_seen, access_gone),
            _Watch("", "v1", "namespaces", NAMESPACE, namespace_seen, namespace_gone),
        )
        self._restarted = restarted
        self._clock = clock
        self._stopping = threading.Event()
        self._running: tuple[asyncio.AbstractEventLoop, asyncio.Task[None]] | None = None
        self._thread = threading.Thread(target=self._supervise, name="informer", daemon=True)

    def start(self) -> None:
        """Start listing and watching."""
        _quieten()
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether the thread that runs kopf is alive."""
        return self._thread.is_alive()

    def stop(self, timeout_s: float) -> bool:
        """End the watch; True when it ended in time."""
        self._stopping.set()
        self._interrupt()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _supervise(self) -> None:
        delays = iter(Delays(_FIRST_RETRY_S, 30.0))
        while not self._stopping.is_set():
            started_s = self._clock.monotonic()
            why = self._run_once()
            if self._stopping.is_set():
                return
            if self._clock.monotonic() - started_s > _SOUND_AFTER_S:
                delays = iter(Delays(_FIRST_RETRY_S, 30.0))
            delay_s = next(delays)
            self._restarted()
            _log.warning("the watch has ended and is started again", why=why, delay_s=round(delay_s, 1))
            self._stopping.wait(delay_s)

    def _run_once(self) -> str:
        """Run kopf until it ends; return why it did."""
        try:
            _check_served(self._connection)
            asyncio.run(self._operate())
        except asyncio.CancelledError:
            return "stopped"
        except Exception as error:  # noqa: BLE001 - whatever ends kopf, the watch must come back
            return f"{type(error).__name__}: {error}"
        return "kopf ended without an error"

    async def _operate(self) -> None:
        self._running = (asyncio.get_running_loop(), cast("asyncio.Task[None]", asyncio.current_task()))
        try:
            if not self._stopping.is_set():  # asked to stop before there was a task to cancel
                await self._watch()
        finally:
            self._running = None
            await _end_what_is_left()
            await asyncio.sleep(_CLOSING_S)

    async def _watch(self) -> None:
        # Not `kopf.operator`, nor its stop_flag. When one of several watches fails, it waits 5 s for the others, in
        # which nobody watches, and then cancels each with the task that would tell it to pause: a watch takes that for
        # the pause, and goes on for ever with a session that is closed (kopf 1.45, `stream` in _cogs/clients/api.py).
        tasks = await kopf.spawn_tasks(
            registry=self._registry,
            settings=_settings(),
            clusterwide=not self._namespaces,
            namespaces=self._namespaces,
            standalone=True,
        )
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()

    def _interrupt(self) -> None:
        if running := self._running:
            loop, task = running
            with contextlib.suppress(RuntimeError):  # the loop has just been closed, which is what we want
                loop.call_soon_threadsafe(task.cancel)


async def _end_what_is_left() -> None:
    """Cancel all other tasks of the loop, one after the other: a watch before the one that would tell it to pause."""
    for _ in range(_ROUNDS):
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in sorted(left, key=lambda each: each.get_name().startswith("pause-waiter")):
            task.cancel()
            await asyncio.wait({task}, timeout=_CLOSING_S)
            if task.done() and not task.cancelled():
                task.exception()  # else asyncio logs that nobody has looked at it


def _registry(connection: Connection, *watches: _Watch) -> kopf.OperatorRegistry:
    """One registry per informer: kopf's global one would be shared by every informer of the process."""
    registry = kopf.OperatorRegistry()

    @kopf.on.login(registry=registry, id="login")
    async def _login(**_: Any) -> kopf.ConnectionInfo:
        return connection_info(connection)

    for watch in watches:
        _observe(registry, watch)
    return registry


def _observe(registry: kopf.OperatorRegistry, watch: _Watch) -> None:
    @kopf.on.event(watch.group, watch.version, watch.plural, registry=registry, id=f"observe-{watch.plural}")
    async def _hear(event: kopf.RawEvent, **_: Any) -> None:
        # The plain dict as it was decoded; nothing is copied, because this runs for each of our own status writes too.
        resource = event["object"]
        if odd := watch.due.misfit(resource):
            _log.warning("the watch brought what is not the API server's; it is skipped", why=odd)
        elif event["type"] == "DELETED":
            watch.gone(resource["metadata"]["uid"])
        else:
            watch.seen(resource)


def _settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.persistence.diffbase_storage = NoDiffBase()
    settings.persistence.progress_storage = NoProgress()
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.watching.chunk_size = 500
    settings.watching.inactivity_timeout = 70  # bookmarks come every 60 s: a longer silence is a dead connection
    settings.watching.server_timeout = 240
    settings.watching.client_timeout = 260
    settings.watching.connect_timeout = 5
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 5
    # kopf gives up after the last of its own, 54 s in all; an API server may well be away for longer.
    settings.networking.error_backoffs = Delays(_FIRST_RETRY_S, 5.0)
    settings.queueing.error_delays = (1, 2, 5, 10, 30)  # kopf's own go to 610 s, in which it drops an object's events
    settings.process.ultimate_exiting_timeout = (
        None  # ends the process by SIGKILL when kopf is slow to stop; we just restart
    )
    return settings


def _check_served(connection: Connection) -> None:
    """Refuse to start kopf while our API is not served: it would find nothing to watch and sleep for ever."""
    group = connection.call("get", "apis", path_of("apis"), GROUPS)
    served = {version["version"] for each in group["groups"] if each["name"] == GROUP for version in each["versions"]}
    if VERSION not in served:
        raise Transient(f"the API server does not serve {GROUP}/{VERSION}: is the CRD installed?")
    kinds = connection.call("get", "apis", path_of("apis", GROUP, VERSION), KINDS)
    served_kinds = {each["name"] for each in kinds["resources"]}
    for plural in (PLURAL, ACCESS_PLURAL):
        if plural not in served_kinds:
            raise Transient(f"the API server does not serve {plural}.{GROUP}: is the CRD installed?")


def _quieten() -> None:
    """Leave out what kopf says of each event, and its warning that it does not handle signals, which is meant so."""
    logger = logging.getLogger("kopf")
    if not logging.getLogger().isEnabledFor(logging.DEBUG):
        logger.setLevel(logging.WARNING)
    logging.getLogger("kopf._core.reactor.running").addFilter(lambda record: "OS signals" not in record.getMessage())
