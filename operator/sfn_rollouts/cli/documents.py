"""The documents of a file, each as kubectl would send it to the API server.

kubectl cuts a file at its lines of `---`, reads each part as YAML by its own rules and makes JSON of it; a file that
begins with `{` is read as JSON, where objects may follow one another. What cannot be read so is a finding with its
line, and the documents after it are read all the same. Does not belong here: what a manifest may say (`api`).
"""

import codecs
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sfn_rollouts.api.problems import shown
from sfn_rollouts.cli import scalars
from sfn_rollouts.cli.nodes import DEEPEST, MOST_NODES, Node, UnreadableError, root_of
from sfn_rollouts.printable import one_line

SEPARATOR = "---"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NO_UTF8 = re.compile("[\udc80-\udcff]")
_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Document:
    """A manifest as plain data, or why there is none; `number` counts documents from 1, `line` is where it begins."""

    number: int
    line: int
    manifest: Any = None
    unreadable: UnreadableError | None = None


def documents(raw: bytes) -> Iterator[Document]:
    """Yield the documents of a file's bytes; those that are empty have a manifest of None. Never raises."""
    try:
        text = _decoded(raw)
        objects = _json_objects(text) if text.lstrip().startswith("{") and not _NO_UTF8.search(text) else None
    except UnreadableError as error:
        yield Document(1, 1, unreadable=error)
        return
    if objects is not None:
        yield from (Document(number, 1, each) for number, each in enumerate(objects, start=1))
        return
    for number, (line, part) in enumerate(_parts(text), start=1):
        try:
            yield Document(number, line, _manifest(part))
        except UnreadableError as error:
            yield Document(number, line, unreadable=UnreadableError(error.why, line + error.line - 1))


def _decoded(raw: bytes) -> str:
    """kubectl reads a byte order mark, and takes all else for UTF-8. Bytes that are not stay, to be reported later."""
    if raw.startswith(_UTF16):
        try:
            return raw.decode("utf-16")
        except UnicodeDecodeError:
            raise UnreadableError("is not the UTF-16 that its first bytes promise: save it as UTF-8", 1) from None
    return raw.removeprefix(codecs.BOM_UTF8).decode(errors="surrogateescape")


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """Yield each document's first line, counted from 1, and its text; a line of `---` is the first of the next one."""
    begin, lines = 1, list[str]()
    for number, line in enumerate(text.split("\n"), start=1):
        if line.startswith(SEPARATOR) and lines:
            yield begin, "\n".join(lines)
            begin, lines = number, []
        lines.append(line.removesuffix("\r"))
    yield begin, "\n".join(lines)


def _manifest(part: str) -> Any:
    behind = part.partition("\n")[0].removeprefix(SEPARATOR).strip() if part.startswith(SEPARATOR) else ""
    if behind and not behind.startswith("#"):
        raise UnreadableError(f"{shown(behind)} stands behind '{SEPARATOR}', where kubectl takes a comment only", 1)
    if foreign := _NO_UTF8.search(part):
        why = f"byte {ord(foreign[0]) - 0xDC00:#04x} is not UTF-8: save the file as UTF-8"
        raise UnreadableError(why, part.count("\n", 0, foreign.start()) + 1)
    root = root_of(_without_marks(part))
    return None if root is None else _Reading().value(root)


def _without_marks(part: str) -> str:
    """kubectl drops the line that it cuts at, and byte order marks before a document: files written one behind another
    (`cat`) have them there. Lines keep their numbers."""
    cut, rest = part.partition("\n")[1:] if part.startswith(SEPARATOR) else ("", part)
    return cut + rest.lstrip("\ufeff")


class _Reading:
    """One document on its way from nodes to JSON's values."""

    def __init__(self) -> None:
        self._read = self._aliased = self._aliases_around = self._line_of_alias = 0

    def value(self, node: Node) -> Any:
        self._count()
        if node.kind == "alias":
            return self._within_alias(node, self.value)
        if node.kind == "mapping":
            fields: dict[str, Any] = {}
            self._fill(fields, node)
            return fields
        if node.kind == "list":
            return [self.value(each) for each in node.children]
        value = _scalar(node)
        if isinstance(value, float) and not math.isfinite(value):
            raise _no_number(node.text, node.line)
        return value

    def _fill(self, fields: dict[str, Any], mapping: Node) -> None:
        """Merges count where they stand: a later one replaces what stands before it, as kubectl's reader does."""
        names: set[str] = set()
        for key, value in zip(mapping.children[::2], mapping.children[1::2], strict=True):
            if _is_merge(key):
                self._merge(fields, value)
                continue
            name = self._key(key)
            if name in names:
                # kubectl takes the last of the two, silently.
                raise UnreadableError(f"key {shown(name)} is given twice", key.line)
            names.add(name)
            fields[name] = self.value(value)

    def _merge(self, fields: dict[str, Any], node: Node) -> None:
        several = node.kind == "list"
        for each in reversed(node.children) if several else (node,):
            if each.meant.kind != "mapping":
                raise UnreadableError("'<<' merges a mapping or a list of mappings", each.line)
            self._count()
            if each.kind == "alias":
                self._within_alias(each, lambda meant: self._fill(fields, meant))
            else:
                self._fill(fields, each)

    def _key(self, node: Node) -> str:
        self._count()
        if node.meant.kind != "scalar":
            raise UnreadableError("a key is a text, no list and no mapping", node.line)
        try:
            return scalars.key(_scalar(node.meant))
        except ValueError as error:
            raise UnreadableError(str(error), node.line) from None

    def _within_alias(self, alias: Node, read: Callable[[Node], Any]) -> Any:
        if not self._aliases_around:
            self._line_of_alias = alias.line
        self._aliases_around += 1
        found = read(alias.meant)
        self._aliases_around -= 1
        return found

    def _count(self) -> None:
        """kubectl's reader refuses a document that is hardly anything but aliases."""
        self._read += 1
        self._aliased += self._aliases_around > 0
        if self._aliased > 100 and self._read > 1000 and self._aliased > 0.99 * self._read:
            raise UnreadableError("is nearly all aliases, which kubectl refuses: write it out", self._line_of_alias)


def _no_number(text: str, line: int) -> UnreadableError:
    return UnreadableError(f"{one_line(text, longest=80)} is no number of JSON: put it in quotes", line)


def _is_merge(key: Node) -> bool:
    return key.kind == "scalar" and key.text == "<<" and (key.is_plain or key.tag == "tag:yaml.org,2002:merge")


def _scalar(node: Node) -> scalars.Scalar:
    if node.is_plain:
        return scalars.implicit(node.text)
    try:
        return scalars.tagged(node.tag, node.text) if node.tag else node.text
    except ValueError:
        kind = node.tag.rpartition(":")[2]
        raise UnreadableError(f"{shown(node.text)} cannot be read as !!{kind}", node.line) from None


# -- JSON --


def _json_objects(text: str) -> list[Any] | None:
    """Return the objects of a stream of JSON; None where YAML's reader shall say what it is, or what is wrong."""
    text = text.rstrip()

    def fraction(digits: str) -> float:
        value = float(digits)
        if math.isinf(value):
            line = text.count("\n", 0, text.find(digits)) + 1
            raise _no_number(digits, line)
        return value

    decoder = json.JSONDecoder(
        object_pairs_hook=_fields,
        parse_int=lambda digits: int(digits) if _is_small(digits) else fraction(digits),
        parse_float=fraction,
        parse_constant=_no_constant,
    )
    objects, position = list[Any](), 0
    try:
        while position < len(text):
            value, position = decoder.raw_decode(text, len(text) - len(text[position:].lstrip()))
            objects.append(_as_sent(value, _Limits()))
    except UnreadableError:
        raise
    except (ValueError, RecursionError):
        return None
    return objects


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError
    return fields


def _is_small(digits: str) -> bool:
    """Beyond 64 bits kubectl goes on with a floating point number."""
    return len(digits) < 20 and abs(int(digits)) <= scalars.LARGEST


def _no_constant(_: str) -> float:
    raise ValueError


class _Limits:
    """How many values one object of JSON may have yet."""

    def __init__(self) -> None:
        self._left = MOST_NODES

    def count(self, depth: int) -> None:
        """Count one more, at this depth."""
        self._left -= 1
        if self._left < 0 or depth > DEEPEST:
            raise ValueError


def _as_sent(value: Any, limits: _Limits, depth: int = 1) -> Any:
    limits.count(depth)
    if isinstance(value, dict):
        return {
            _HALF_A_CHARACTER.sub("\ufffd", name): _as_sent(item, limits, depth + 1) for name, item in value.items()
        }
    if isinstance(value, list):
        return [_as_sent(item, limits, depth + 1) for item in value]
    return _whole_text(value) if isinstance(value, str) else value


def _whole_text(text: str) -> str:
    """Half a character, which an escape of JSON can stand for, goes to the API server as U+FFFD."""
    return _HALF_A_CHARACTER.sub("\ufffd", text)
