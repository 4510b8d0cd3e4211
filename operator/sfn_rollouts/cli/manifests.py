"""The manifests of a file: its documents, with lists taken apart as kubectl does it."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sfn_rollouts.api.kinds import API_VERSION, KINDS
from sfn_rollouts.api.problems import Problem, shown
from sfn_rollouts.api.resource import kind_of
from sfn_rollouts.cli.documents import Document, documents

LARGEST_FILE = 16 * 2**20
"""Bytes: some times what the API server takes as one resource, and read within half a minute."""

_LIST = "List"
_OURS = tuple(f"{kind.name}{_LIST}" for kind in KINDS)


def manifests_in(file: str) -> Iterator[tuple[int, str, Any]]:
    """Yield each manifest of a file (`-` is standard input): number of its document from 1, place within it, content.

    The place is "" or, in a list, like "items[2]". The content is plain data; or a Problem, where there is no reading
    it, and then the rest is given all the same. Empty documents are left out.
    """
    try:
        raw = content_of(file)
    except OSError as error:
        yield 1, "", Problem("", None, f"cannot be read: {error.strerror}")
        return
    if len(raw) > LARGEST_FILE:
        yield 1, "", Problem("", None, f"is larger than {LARGEST_FILE // 2**20} MiB: no file of manifests is")
        return
    for document in documents(raw):
        for place, content in _contents(document):
            yield document.number, place, content


def within(place: str, problem: Problem) -> Problem:
    """Put the place before the problem's path."""
    return replace(problem, path=".".join(part for part in (place, problem.path) if part))


def content_of(file: str) -> bytes:
    """Return the bytes of a file, `-` being standard input: one more than LARGEST_FILE where it is larger.

    Raises:
        OSError: it cannot be read.
    """
    if file == "-":
        return sys.stdin.buffer.read(LARGEST_FILE + 1)
    with Path(file).open("rb") as opened:
        return opened.read(LARGEST_FILE + 1)


def _contents(document: Document) -> Iterator[tuple[str, Any]]:
    if document.unreadable is not None:
        where, why = document.unreadable.line, document.unreadable.why
        yield "", Problem("", None, f"is not readable as YAML: line {where}: {why}")
    elif document.manifest is not None:
        yield from _items(document.manifest)


def _items(manifest: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(manifest, list) and any(kind_of(each) for each in manifest):
        why = "is a list of manifests, which kubectl does not take: begin each with '---', or put them into a List"
        yield "", Problem("", None, why)
        return
    kind = manifest.get("kind") if isinstance(manifest, Mapping) else None
    if not isinstance(kind, str) or not kind.endswith(_LIST):
        yield "", manifest
        return
    items, version = manifest.get("items"), manifest.get("apiVersion")
    if kind in _OURS and version != API_VERSION:
        yield "", Problem("apiVersion", version, f"{shown(version)} is not known: write {API_VERSION}")
    elif isinstance(items, list):
        yield from ((f"items[{index}]", _item(each, kind, version)) for index, each in enumerate(items))
    elif kind not in (_LIST, *_OURS):
        yield "", manifest
    elif items is not None:
        yield "", Problem("items", items, f"{shown(items)} is no list: write each manifest after a '-'")


def _item(item: Any, kind: str, version: Any) -> Any:
    """A list of a kind gives that kind to items that name none."""
    if not isinstance(item, Mapping):
        return item
    if "items" in item and item.get("kind") in (_LIST, *_OURS):
        return Problem("", None, "is a list within a list, which kubectl does not take: give it a document of its own")
    return {"apiVersion": version, "kind": kind.removesuffix(_LIST), **item} if kind != _LIST else item
