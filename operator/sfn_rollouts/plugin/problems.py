"""What can go wrong between this plugin and the cluster, in kubectl's words and in ours, each with its remedy."""

import re
from collections.abc import Callable

import click

from sfn_rollouts.printable import one_line, word


class PluginError(click.ClickException):
    """Ends the command with exit code 1; `remedy` says what to do, on lines of its own.

    The message may quote anybody: a line of it that is not the first is indented, so that none looks like ours.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy

    def format_message(self) -> str:
        """Return the message and the remedy, each line of it printable."""
        first, *more = self.message.splitlines() or [""]
        return "\n".join(
            [one_line(first), *(f"  {one_line(line)}" for line in more), *map(one_line, self.remedy.splitlines())]
        )


class UnreachableError(PluginError):
    """No cluster answers; it may do so later."""


class NotInstalledError(PluginError):
    """The cluster does not know the resource."""


class ForbiddenError(PluginError):
    """The cluster knows the person, and does not let them."""


class ConflictError(PluginError):
    """Somebody else wrote it after it was read."""


class NotFoundError(PluginError):
    """There is no such thing; `what` as kubectl names it."""


class BadRequestError(PluginError):
    """The API server cannot read what it was asked."""


_FORBIDDEN = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]*)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]*)")?'
)
_DENIED_BY_POLICY = re.compile(r"(?:denied request|denied the request)")
_GLOG = re.compile(r"^[EWIF]\d{4} ")
_UNREACHABLE = re.compile(
    r"^(Unable to connect to the server|The connection to the server .* was refused"
    r"|error: the server was unable to return|Error from server \((?:ServiceUnavailable|InternalError|Timeout|Too\w+)\)"
    r"|Error from server: etcdserver|error: Get \"|.*(?:unexpected EOF|connection reset|connection lost|stream error"
    r"|broken pipe|i/o timeout|closed network connection|no route to host|network is unreachable))",
    re.MULTILINE,
)
_NO_KUBECONFIG = re.compile(r"localhost:8080|no configuration has been provided")
_UNAUTHORIZED = re.compile(r"\(Unauthorized\)|provide credentials")
_LOGIN = re.compile(r"getting credentials: (?P<why>.*)")
_KUBECONFIG = re.compile(
    r"context was not found|(?:context|cluster|auth info) \"[^\"]*\" does not exist"
    r"|invalid configuration|^error: stat |loading config file",
    re.MULTILINE,
)
_CRD_MISSING = re.compile(r'doesn\'t have a resource type "stepfunctionrollouts"|could not find the requested resource')
_BAD_REQUEST = re.compile(r"^Error from server \(BadRequest\): ")
_CONFLICT = re.compile(r"Error from server \(Conflict\)")
_NOT_FOUND = re.compile(r"Error from server \(NotFound\): (?P<what>.*) not found")


_SEE_CONTEXTS = "kubectl config get-contexts shows what is there."


def problem_from(stderr: str) -> PluginError:
    """Return the error that kubectl's standard error describes."""
    text = _without_log(stderr)
    return next((error for read in _READERS if (error := read(text)) is not None), PluginError(_plain(text)))


def no_kubectl() -> PluginError:
    """There is no kubectl on PATH."""
    return PluginError(
        "kubectl was not found on PATH",
        "Install it (https://kubernetes.io/docs/tasks/tools/) or put its folder on PATH.",
    )


def _forbidden(text: str) -> PluginError | None:
    if _DENIED_BY_POLICY.search(text):
        return ForbiddenError(_plain(text), "An admission policy of the cluster says so: ask its administrators.")
    found = _FORBIDDEN.search(text)
    if found is None:
        return ForbiddenError(_plain(text)) if "(Forbidden)" in text else None
    user, verb, resource, group, namespace = (found[name] or "" for name in _FORBIDDEN.groupindex)
    where = f"in namespace {namespace}" if namespace else "in all namespaces"
    return ForbiddenError(
        f"user {user} may not {verb} {resource} {where}",
        _how_to_grant(user, verb, f"{resource}.{group}" if group else resource, namespace),
    )


def _how_to_grant(user: str, verb: str, resource: str, namespace: str) -> str:
    """Two commands for an administrator, to be pasted."""
    role = f"{verb}-{resource.partition('.')[0]}"
    kind, place = ("rolebinding", [f"--namespace={namespace}"]) if namespace else ("clusterrolebinding", [])
    name = re.sub(r"[^a-z0-9.-]+", "-", f"{user}-{role}".lower()).strip("-.")
    role_made = ["clusterrole", role, f"--verb={verb}", f"--resource={resource}"]
    bound = [kind, name, f"--clusterrole={role}", f"--user={user}", *place]
    commands = (" ".join(map(word, ["kubectl", "create", *words])) for words in (role_made, bound))
    return "\n".join(["An administrator grants it:", *(f"  {command}" for command in commands)])


def _unauthorized(text: str) -> PluginError | None:
    if not _UNAUTHORIZED.search(text):
        return None
    return PluginError(
        "the cluster does not know who you are",
        "Log in again, as your cluster wants it: kubectl auth whoami must work.",
    )


def _login(text: str) -> PluginError | None:
    found = _LOGIN.search(text)
    if found is None:
        return None
    return PluginError(
        f"logging in to the cluster failed: {found['why']}",
        "The kubeconfig names the program that logs in; its own message is above.",
    )


def _no_kubeconfig(text: str) -> PluginError | None:
    if not _NO_KUBECONFIG.search(text):
        return None
    return UnreachableError("no cluster is configured", f"Set KUBECONFIG or --kubeconfig; {_SEE_CONTEXTS}")


def _kubeconfig(text: str) -> PluginError | None:
    if not _KUBECONFIG.search(text):
        return None
    return PluginError(f"the kubeconfig does not fit: {_plain(text)}", _SEE_CONTEXTS)


def _unreachable(text: str) -> PluginError | None:
    if not _UNREACHABLE.search(text):
        return None
    return UnreachableError(
        f"no cluster answers: {_plain(text)}", "kubectl cluster-info must work; is it the right --context?"
    )


def _not_installed(text: str) -> PluginError | None:
    if not _CRD_MISSING.search(text):
        return None
    return NotInstalledError(
        "this cluster knows no StepFunctionRollouts: the CRD is not installed",
        "Is it the right --context? Else install sfn-rollouts: its chart, or kubectl apply --server-side -f crds/",
    )


def _bad_request(text: str) -> PluginError | None:
    return BadRequestError(_plain(text)) if _BAD_REQUEST.search(text) else None


def _conflict(text: str) -> PluginError | None:
    return ConflictError(_plain(text), "Look at its state, then try again.") if _CONFLICT.search(text) else None


def _not_found(text: str) -> PluginError | None:
    found = _NOT_FOUND.search(text)
    return NotFoundError(f"{found['what']} not found") if found else None


_READERS: tuple[Callable[[str], PluginError | None], ...] = (
    _bad_request,  # first, since it repeats what a person wrote, which may read like any other problem
    _not_installed,
    _not_found,
    _conflict,
    _forbidden,
    _unauthorized,
    _login,
    _no_kubeconfig,
    _unreachable,
    _kubeconfig,
)


def _without_log(stderr: str) -> str:
    """kubectl logs each attempt before it says what is wrong."""
    return "\n".join(line for line in stderr.splitlines() if not _GLOG.match(line)).strip()


def _plain(text: str) -> str:
    """Return kubectl's words without what it puts before them."""
    lines = re.sub(r"^(error: |Error from server(?: \(\w+\))?: |Unable to connect to the server: )", "", text)
    return lines.removesuffix(" - did you specify the right host or port?") or "kubectl failed without a message"
