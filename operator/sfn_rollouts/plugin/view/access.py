"""The page of `access`: the verdict, each AWSAccess part by part, and one that would grant."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from sfn_rollouts.explain.access import ROLE, Comparison, Standing, Verdict
from sfn_rollouts.plugin.view.marks import Marks, Tone
from sfn_rollouts.plugin.view.page import Canvas
from sfn_rollouts.plugin.view.rows import Row, marked, section, words
from sfn_rollouts.plugin.yaml_output import yaml_text
from sfn_rollouts.printable import one_line

SHOWN = 5
"""Accesses beyond these are only counted: they match in no more parts than the last one shown."""

WORDS = {
    Verdict.GRANTED: "granted",
    Verdict.NOT_GRANTED: "not granted",
    Verdict.AMBIGUOUS: "ambiguous",
    Verdict.REVOKED: "revoked in flight",
    Verdict.UNGOVERNED: "the operator's own identity",
    Verdict.UNKNOWN: "not known",
}
TONES = {
    Verdict.GRANTED: Tone.GOOD,
    Verdict.NOT_GRANTED: Tone.BAD,
    Verdict.AMBIGUOUS: Tone.BAD,
    Verdict.REVOKED: Tone.BAD,
}


def access_page(standing: Standing, notes: Sequence[str], canvas: Canvas) -> RenderableType:
    """Return the page. `notes` say what may not be read."""
    return Group(*_head(standing, notes, canvas.marks), *_accesses(standing, canvas), *_manifest(standing))


def _head(standing: Standing, notes: Sequence[str], marks: Marks) -> Iterator[RenderableType]:
    rollout, verdict = standing.rollout, standing.verdict
    tone = TONES.get(verdict, Tone.WAITING)
    mark = {Tone.GOOD: marks.done, Tone.BAD: marks.bad}.get(tone, marks.waiting)
    name = Text.assemble((rollout.name, "bold"), (f" in {rollout.namespace}", "dim"), "   ")
    yield name.append_text(words(f"{mark} {WORDS[verdict]}", tone, is_strong=True))
    yield words(f"{rollout.machine_arn}:{rollout.alias}")
    yield Text("")
    status = ", as its own status says" if standing.by_status and verdict is not Verdict.UNKNOWN else ""
    yield words(f"{standing.message}{status}")
    if standing.used is not None:
        yield words(f"Access  {standing.used}")
    ready = rollout.condition("Ready")
    if ready is not None and ready.reason:
        yield words(f"Ready   {ready.status} {ready.reason}: {ready.message}")
    for note in notes:
        yield words(one_line(note), Tone.WAITING)


def _accesses(standing: Standing, canvas: Canvas) -> Iterator[RenderableType]:
    compared = standing.comparisons or ()
    for each in compared[:SHOWN]:
        yield Text("")
        yield section(_title(each, canvas.marks), _rows(each, canvas.marks), canvas.width)
    if len(compared) > SHOWN:
        yield Text("")
        more = f"and {len(compared) - SHOWN} more AWSAccesses, which match no better: -o yaml has them"
        yield words(more, Tone.QUIET)


def _title(compared: Comparison, marks: Marks) -> Text:
    access = compared.access
    account = f"   account {one_line(access.status.account)}" if access.status.account else ""
    title = _marked(compared.matches, f"AWSAccess {access.name}", marks).append(account, "dim")
    ready = access.ready
    if ready is None:
        return title.append("   not verified yet", "dim")
    style = "dim" if ready.status == "True" else str(Tone.WAITING)
    return title.append(f"   Ready {ready.status}: {one_line(ready.reason)}", style)


def _rows(compared: Comparison, marks: Marks) -> list[Row]:
    access = compared.access
    parts: list[Row] = [
        (_marked(part.matches, name, marks), words(part.message)) for name, part in compared.parts.items()
    ]
    if isinstance(access.spec, str):
        parts.append((_marked(False, "spec", marks), words(f"grants nothing, since it cannot be read: {access.spec}")))
    if access.ready is not None and access.ready.status != "True":
        why = words(one_line(access.ready.message))
        parts.append((marked(marks.waiting, Tone.WAITING, "Ready"), why))
    return parts


def _marked(matches: bool | None, text: str, marks: Marks) -> Text:
    if matches is None:
        return marked(marks.waiting, Tone.WAITING, text)
    return marked(marks.done, Tone.GOOD, text) if matches else marked(marks.bad, Tone.BAD, text)


def _manifest(standing: Standing) -> Iterator[RenderableType]:
    """Each line as it is, to be copied."""
    manifest = standing.manifest
    if manifest is None:
        return
    yield Text("")
    is_open = manifest["spec"].get("roleArn", "").endswith(f"/{ROLE}")
    first = f", with the name of a role for {ROLE}" if is_open else ""
    yield words(f"What would grant it, for whoever writes AWSAccesses{first}:", is_strong=True)
    if standing.verdict is Verdict.UNGOVERNED:
        yield words("Once there is one, each rollout of the cluster needs exactly one.", Tone.WAITING)
    yield Text("")
    for line in yaml_text(manifest).splitlines():
        yield Text(line, no_wrap=True, overflow="ignore")
