"""What a world went through, by lines: what happened, what the status says from then on, what the decision asks for.

`python -m tests.core.transcripts` writes transcripts/*.txt again, for whoever has read the difference.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sfn_rollouts.api.status import Status
from sfn_rollouts.core.announce import announcements
from sfn_rollouts.core.values.decision import Decision
from tests.core.world import START, World

FOLDER = Path(__file__).parent / "transcripts"


def transcript(world: World, before: Status, since: int) -> str:
    """Return what a world did and decided after its first `since` entries, when its status was `before`.

    A decision that says nothing new is passed over.
    """
    lines, asked = [], ""
    for moment, entry in world.transcript[since:]:
        if isinstance(entry, str):
            lines.append(f"{_ago(moment)} {entry}")
            continue
        changes, asks = [*_changes(before, entry.status)], _asks(entry)
        if changes or asks != asked:
            wake = f", again at {_ago(entry.wake_at)}" if entry.wake_at is not None else ""
            lines += [f"{_ago(moment)} decides", *changes, *_news(before, entry.status), f"    -> {asks}{wake}"]
        before, asked = entry.status, asks
    return _short_times("\n".join(lines)) + "\n"


def _ago(moment: Any) -> str:
    return f"{(moment - START).total_seconds():g}s"


def _asks(decision: Decision) -> str:
    """Flags are shown as they are: a None where a False is meant would be a defect."""
    write = decision.write
    over = f" over {write.expected or 'no alias'}, ours {sorted(map(str, write.ours))}" if write is not None else ""
    return ", ".join(
        (
            f"write {write.kind} {write.routing}{over}" if write is not None else "no write",
            f"looks {sorted(map(str, decision.looks))}",
            f"watches {decision.watches_alarms!r}",
            f"finalizer {decision.holds_finalizer!r}",
        )
    )


def _news(before: Status, after: Status) -> Iterator[str]:
    for news in announcements(before, after):
        yield f"    {'Warning' if news.is_warning else 'Normal'} {news.reason}: {news.message}"


def _changes(before: Status, after: Status) -> Iterator[str]:
    old, new = _flat(before.to_resource()), _flat(after.to_resource())
    for key in [*new, *(key for key in old if key not in new)]:
        if old.get(key) != new.get(key):
            yield f"    {key}: {new.get(key, '(gone)')}"


def _flat(resource: Mapping[str, Any]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in resource.items():
        if key == "conditions":
            flat.update({f"condition {item['type']}": _condition(item, resource["message"]) for item in value})
        elif key == "history":
            flat.update({f"history {len(value) - place}": _values(item) for place, item in enumerate(value)})
        elif key == "alarms":
            flat.update({f"alarm {item['name']}": _values(item) for item in value})
        else:
            flat[key] = _values(value) if isinstance(value, Mapping) else str(value)
    return flat


def _condition(item: Mapping[str, Any], message: str) -> str:
    """Most say what the status says; only other words are repeated."""
    words = "" if item["message"] == message else f": {item['message']}"
    return f"{item['status']} {item['reason']} since {item['lastTransitionTime']}{words}"


def _values(item: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in item.items())


def _short_times(text: str) -> str:
    return re.sub(r"2026-11-21T([0-9:.]+)Z", r"\1", text)


def main() -> None:
    """Write every transcript again."""
    from tests.core.test_transcripts import STORIES  # noqa: PLC0415 - the test imports this module

    FOLDER.mkdir(exist_ok=True)
    for known in FOLDER.glob("*.txt"):
        known.unlink()
    for name, make in STORIES.items():
        path_of(name).write_text(transcript(*make()))


def path_of(name: str) -> Path:
    """The file of a story."""
    return FOLDER / f"{name.replace(' ', '-')}.txt"


if __name__ == "__main__":
    main()
