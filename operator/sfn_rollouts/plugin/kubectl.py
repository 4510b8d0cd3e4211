"""The cluster, through the kubectl on PATH: rollouts read, watched and patched, and what surrounds them read."""

import contextlib
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import IO, Any, Final

from sfn_rollouts.api import GROUP, PLURAL, VERSION
from sfn_rollouts.backoff import Delays
from sfn_rollouts.plugin.problems import (
    ForbiddenError,
    NotFoundError,
    NotInstalledError,
    PluginError,
    UnreachableError,
    no_kubectl,
    problem_from,
)
from sfn_rollouts.printable import one_line, word
from sfn_rollouts.shapes import Shape, misfit

Resource = dict[str, Any]

ROLLOUTS = f"{PLURAL}.{VERSION}.{GROUP}"
FIELD_MANAGER = "sfnrollout-cli"
"""Flux takes away what managers wrote whose names begin with kubectl."""

_API = f"/apis/{GROUP}/{VERSION}"
_ACCESSES = "awsaccesses"
"""As `api.access.ACCESS_PLURAL`, which costs 0.2 s to import."""
_REQUEST_TIMEOUT = "--request-timeout"
"""kubectl waits for ever for a cluster that hangs, unless it has a timeout; a watch has none, as it would be cut."""
_PLAIN = re.compile(r"[A-Za-z0-9.-]*")
_OBJECT_OR_LIST: Shape = {"kind": str, "items?": [{"metadata": dict}]}
_ROLLOUT: Shape = {"metadata": {"name": str, "namespace": str, "uid": str, "resourceVersion": str}, "spec?": dict}
_ROLLOUTS: Shape = {"items": [_ROLLOUT]}
_NAMED: Shape = {"items": [{"metadata": {"name": str}}]}
_LABELLED: Shape = {"metadata": {"name": str, "labels?": dict}}
_EVENTS: Shape = {"items": [{"metadata": {"resourceVersion": str}}]}
_WHO: Shape = {"status": {"userInfo": {"username": str}}}
_PAUSES = Delays(0.5, 8.0)
_LOOK_AGAIN_S = 2.0


class Absence(Enum):
    """Its one value stands for a rollout that is not there."""

    ABSENT = "absent"


ABSENT: Final = Absence.ABSENT


class Cluster:
    """`flags` are kubectl's for the connection; `namespace` None is the one of the kubeconfig's context.

    Whatever goes wrong is a PluginError with its remedy.
    """

    def __init__(self, flags: Sequence[str] = (), namespace: str | None = None) -> None:
        self._flags = [*flags, *([f"--namespace={namespace}"] if namespace is not None else [])]
        has_timeout = any(flag.startswith(f"{_REQUEST_TIMEOUT}=") for flag in flags)
        self._patience = [] if has_timeout else [f"{_REQUEST_TIMEOUT}=30s"]
        self.namespace = namespace

    @property
    def place(self) -> str:
        """What a command to be pasted must end with to mean this namespace; empty where it is the usual one."""
        return "" if self.namespace is None else f" -n {word(self.namespace)}"

    def get(self, name: str) -> Resource:
        """Return one rollout.

        Raises:
            NotFoundError: there is none of that name; the message has the nearest one.
        """
        try:
            return self._one(name)
        except NotFoundError as error:
            raise self._with_nearest(name, error) from None

    def list(self, namespace: str | None = None, selector: str = "") -> Sequence[Resource]:
        """Return the rollouts of a namespace, or of all of them, as the API server orders them.

        `selector` is one of labels, which the API server reads; empty selects all.

        Raises:
            BadRequestError: it cannot read the selector.
        """
        place = f"/namespaces/{_quoted(namespace)}" if namespace is not None else ""
        query = f"?labelSelector={_quoted(selector)}" if selector else ""
        return list(self._json("get", "--raw", f"{_API}{place}/{PLURAL}{query}", shape=_ROLLOUTS)["items"])

    def here(self) -> Sequence[Resource]:
        """Return the rollouts of the usual namespace."""
        return list(self.read(ROLLOUTS, shape=_ROLLOUTS)["items"])

    def accesses(self) -> Sequence[Resource]:
        """Return the AWSAccesses of the cluster.

        Raises:
            NotInstalledError: the cluster does not know what that is.
        """
        return list(self._json("get", "--raw", f"{_API}/{_ACCESSES}", shape=_NAMED)["items"])

    def labels(self, namespaces: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        """Return the labels of namespaces, by their names; of those that are there."""
        found = self.read("namespaces", *namespaces, "--ignore-not-found")
        named = [each["metadata"] for each in found.get("items") or [found] if misfit(each, _LABELLED) is None]
        return {each["name"]: each.get("labels") or {} for each in named}

    def watch(self, name: str, tick_s: float | None = None) -> Iterator[Resource | None]:
        """Yield the rollout as it is and whenever it changes, for ever; see `follow`."""
        found = self.get(name)
        yield found
        yield from self.follow(found, tick_s)

    def watch_for(self, name: str, tick_s: float) -> Iterator[Resource | Absence | None]:
        """As `watch`, but what is not there is waited for: ABSENT whenever it is looked for in vain."""
        has_answered = False
        while True:
            try:
                found = self._one(name)
                yield found
                has_answered = True
                yield from self.follow(found, tick_s)
            except NotFoundError:
                has_answered = True
                yield ABSENT
            except UnreachableError:
                if not has_answered:
                    raise
            yield from _ticks_during(_LOOK_AGAIN_S, tick_s)

    def follow(self, resource: Resource, tick_s: float | None = None) -> Iterator[Resource | None]:
        """Yield the rollout whenever it changes from what is given; with `tick_s`, None so often when nothing does.

        A connection that ends is made again, for as long as it takes: whoever cannot wait gives a `tick_s`.

        Raises:
            NotFoundError: it is gone.
            ForbiddenError: it may not be watched.
        """
        name, pauses = resource["metadata"]["name"], iter(_PAUSES)
        while True:
            for seen in self._one_watch(resource, tick_s):
                if seen is not None:
                    resource, pauses = seen, iter(_PAUSES)
                yield seen
            yield from _ticks_during(next(pauses), tick_s)
            with contextlib.suppress(UnreachableError):
                again = self.get(name)
                if _version(again) != _version(resource):
                    resource = again
                    yield resource

    def events(self, resource: Resource) -> Sequence[Resource]:
        """Return the Events about a rollout, oldest first."""
        uid, namespace = resource["metadata"]["uid"], resource["metadata"]["namespace"]
        path = f"/api/v1/namespaces/{_quoted(namespace)}/events?fieldSelector=involvedObject.uid%3D{_quoted(uid)}"
        found = self._json("get", "--raw", path, shape=_EVENTS)["items"]
        return sorted(found, key=_when_written)

    def patch(self, name: str, body: Mapping[str, Any], resource_version: str | None = None) -> Resource:
        """Merge into a rollout; return it as it is then.

        Raises:
            ConflictError: it is not as it was at this version any more.
        """
        if resource_version is not None:
            body = {**body, "metadata": {**body.get("metadata", {}), "resourceVersion": resource_version}}
        merge = ("--type", "merge", "--patch", json.dumps(body))
        return self._json(
            "patch", ROLLOUTS, name, *merge, "--field-manager", FIELD_MANAGER, "--output", "json", shape=_ROLLOUT
        )

    def read(
        self, kind: str, *arguments: str, namespace: str | None = None, shape: Shape = _OBJECT_OR_LIST
    ) -> Resource:
        """Return what `kubectl get KIND ARGUMENTS -o json` prints, in another namespace than the usual one where given.

        Raises:
            UnreachableError: it is not of that shape, as what some proxy answers in the API server's place.
        """
        place = [f"--namespace={namespace}"] if namespace is not None else []  # the last one given counts
        return self._json("get", kind, *arguments, *place, "--output", "json", shape=shape)

    def user(self) -> str:
        """Name the person as the cluster knows them; empty where it does not say."""
        with contextlib.suppress(PluginError):
            answer = self._json("auth", "whoami", "--output", "json", shape=_WHO)
            return str(answer["status"]["userInfo"]["username"])
        return ""

    def words(self, *arguments: str) -> Sequence[str]:
        """Return what kubectl prints when asked for names."""
        return self._run(*arguments).split()

    def _one(self, name: str) -> Resource:
        found = self.read(ROLLOUTS, name, shape=_ROLLOUT)
        if found["metadata"]["name"] != name:
            raise PluginError(
                f"kubectl did not answer with rollout {name}", "Is there a proxy in front of the cluster?"
            )
        return found

    def _json(self, *arguments: str, shape: Shape) -> Resource:
        output = self._run(*arguments)
        decoded = _decoded(output)
        if misfit(decoded, shape) is not None:
            raise UnreachableError(
                f"kubectl did not answer with what was asked for but with {output[:60]!r}",
                "Is there a proxy in front of the cluster?",
            )
        return dict(decoded)

    def _run(self, *arguments: str) -> str:
        """Return kubectl's standard output."""
        with _Process([*arguments, *self._patience, *self._flags]) as process:
            output = process.stdout.read()
            process.check()
            return output

    def _one_watch(self, resource: Resource, tick_s: float | None) -> Iterator[Resource | None]:
        """Yield changes until the API server ends the watch, as it does now and then, or the connection is lost."""
        metadata = resource["metadata"]
        path = (
            f"{_API}/namespaces/{_quoted(metadata['namespace'])}/{PLURAL}?watch=true"
            f"&fieldSelector=metadata.name%3D{_quoted(metadata['name'])}&resourceVersion={_quoted(_version(resource))}"
        )
        with _Process(["get", "--raw", path, *self._flags]) as process:
            for line in process.lines(tick_s):
                if line is None:
                    yield None
                    continue
                event = _event(line)
                if event["type"] == "ERROR":  # the resourceVersion is too old, or what came is no event: look again
                    return
                if event["type"] == "DELETED":
                    raise NotFoundError(f"{metadata['name']} was deleted meanwhile")
                yield event["object"]
            try:
                process.check()
            except (ForbiddenError, NotInstalledError):
                raise
            except PluginError:
                return  # there are many words for a lost connection: whether it is more, the next look shows

    def _with_nearest(self, name: str, error: NotFoundError) -> NotFoundError:
        """Return the name that the user may have meant, as far as they may see it."""
        with contextlib.suppress(PluginError):
            here = [each["metadata"]["name"] for each in self.here()]
            if near := _nearest(name, here):
                return NotFoundError(f"there is no rollout {name}", f"Did you mean {word(near)}?")
            with contextlib.suppress(ForbiddenError):
                return self._with_nearest_elsewhere(name)
            known = f"There are: {', '.join(sorted(here)[:5])}" if here else "There are none in this namespace."
            return NotFoundError(f"there is no rollout {name}", known)
        return error

    def _with_nearest_elsewhere(self, name: str) -> NotFoundError:
        everywhere = {each["metadata"]["name"]: each["metadata"]["namespace"] for each in self.list()}
        near = _nearest(name, everywhere)
        if near is None:
            remedy = "kubectl sfnrollout list shows all." if everywhere else "There are none in the whole cluster."
            return NotFoundError(f"there is no rollout {name} in this namespace", remedy)
        return NotFoundError(
            f"there is no rollout {name} in this namespace",
            f"Did you mean {word(near)} --namespace {word(everywhere[near])}?",
        )


def _started(arguments: Sequence[str]) -> subprocess.Popen[str]:
    """Start kubectl. It has our standard input: a credential plugin may ask the person something."""
    return subprocess.Popen(  # noqa: S603 - no shell
        ["kubectl", *arguments],  # noqa: S607 - the person's own, from PATH, is what is wanted
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf8",
        errors="replace",
    )


@contextlib.contextmanager
def _signals_later() -> Iterator[list[int]]:
    """Note what ends us, in place of ending: between a fork and its return a kubectl would be left behind.

    Other threads get no signals.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return
    usual = {
        each: signal.signal(each, lambda number, _: came.append(number)) for each in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield came
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)


class _Process:
    """One kubectl. What it, or a credential plugin under it, says beside errors goes on to the person at once."""

    def __init__(self, arguments: Sequence[str]) -> None:
        try:
            with _signals_later() as came:
                self._popen = _started(arguments)
        except FileNotFoundError:
            raise no_kubectl() from None
        if came:
            self._popen.kill()
            self._popen.communicate()  # which closes its pipes
            signal.raise_signal(came[0])
        self._problem: list[str] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._receiver: threading.Thread | None = None
        self._listener.start()

    @property
    def stdout(self) -> IO[str]:
        """What it writes."""
        assert self._popen.stdout is not None
        return self._popen.stdout

    def check(self) -> None:
        """Wait for its end and raise what went wrong."""
        if self._popen.wait():
            self._listener.join()
            raise problem_from("".join(self._problem))

    def lines(self, tick_s: float | None) -> Iterator[str | None]:
        """Yield each line; None when none came for `tick_s`."""
        import queue  # noqa: PLC0415 - only for who watches

        received: queue.Queue[str | None] = queue.Queue()

        def receive() -> None:
            for line in self.stdout:
                received.put(line)
            received.put(None)

        self._receiver = threading.Thread(target=receive, daemon=True)
        self._receiver.start()
        while True:
            try:
                line = received.get(timeout=tick_s)
            except queue.Empty:
                yield None
                continue
            if line is None:
                return
            yield line

    def __enter__(self) -> "_Process":
        return self

    def __exit__(self, *exception: object) -> None:
        if self._popen.poll() is None:
            self._popen.kill()
        self._popen.wait()
        self._listener.join()
        if self._receiver is not None:
            self._receiver.join()
        self.stdout.close()

    def _listen(self) -> None:
        assert self._popen.stderr is not None
        with self._popen.stderr as stderr:
            for line in stderr:
                if self._problem or _BEGINS_A_PROBLEM.match(line):
                    self._problem.append(line)
                else:
                    sys.stderr.write(f"{one_line(line.rstrip())}\n" if line.startswith(_WARNING) else line)
                    sys.stderr.flush()


_WARNING = "Warning: "
"""What an admission policy of the cluster says; all else is kubectl's own, or of a program that logs in."""
_BEGINS_A_PROBLEM = re.compile(
    r"[EWIF]\d{4} |[Ee]rror|Unable to connect|The connection to|The \S+ \"|You must be logged"
)


def _ticks_during(pause_s: float, tick_s: float | None) -> Iterator[None]:
    """Wait, and let the caller look at its clock meanwhile."""
    until = time.monotonic() + pause_s
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, tick_s or left))
        if tick_s is not None:
            yield None


def _event(line: str) -> Resource:
    """Return a watch event; a connection can be cut in the middle of one, and a proxy may answer with a page."""
    decoded = _decoded(line)
    return dict(decoded) if misfit(decoded, {"type": str, "object": _ROLLOUT}) is None else {"type": "ERROR"}


def _decoded(text: str) -> Any:
    """Return the JSON; None where it is none, which fits no shape."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the name that was meant, if one is like it."""
    import difflib  # noqa: PLC0415 - only for who mistyped

    return next(iter(difflib.get_close_matches(name, names, n=1, cutoff=0.4)), None)


def _quoted(text: str) -> str:
    """As part of a path or query; the usual names are as they are."""
    if _PLAIN.fullmatch(text):
        return text
    from urllib.parse import quote  # noqa: PLC0415 - 10 ms that nobody needs whose names are names

    return quote(text, safe="")


def _when_written(event: Resource) -> tuple[str, int]:
    """Order by the second in which it happened, then by when the API server got it, which counts upwards."""
    version = _version(event)
    return str(event.get("lastTimestamp") or event.get("eventTime") or ""), int(version) if version.isdigit() else 0


def _version(resource: Resource) -> str:
    return str(resource["metadata"]["resourceVersion"])
