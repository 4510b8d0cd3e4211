"""The nodes of one YAML document: parsed without recursion, and refused before they grow.

A manifest of a few hundred bytes can stand for a gigabyte: aliases of lists of aliases. So nodes are counted as if each
alias were written out. PyYAML's scanner is used, with the tabs that kubectl's parser takes; its resolvers and
constructors are not: kubectl's rules are other ones (`cli.scalars`). Does not belong here: what a scalar means.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.error import Mark
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.scanner import Scanner

MOST_NODES = 100_000
DEEPEST = 100


class UnreadableError(ValueError):
    """A document that kubectl could not read, or that nobody should; `line` counts from 1 within its text."""

    def __init__(self, why: str, line: int) -> None:
        super().__init__(why)
        self.why = why
        self.line = line


@dataclass(slots=True, eq=False)
class Node:
    """A scalar, a list, a mapping (keys and values in turn) or an alias (of its one child).

    `size` and `depth` are those of what it stands for; `tag` is written out, empty where there is none; `is_plain`
    means without quotes and without a tag.
    """

    kind: str
    line: int
    text: str = ""
    tag: str = ""
    is_plain: bool = False
    children: "list[Node]" = field(default_factory=list)
    size: int = 1
    depth: int = 1
    is_open: bool = False

    @property
    def meant(self) -> "Node":
        """Itself, or what the alias names."""
        return self.children[0] if self.kind == "alias" else self


def root_of(text: str) -> Node | None:
    """Return the node of a document; None for an empty one.

    Raises:
        UnreadableError: it is no YAML, too large, too deep, contains itself, or goes on after "...".
    """
    try:
        events = _events(text)
        root = _composed(events)
        _insist_on_end(events)
    except yaml.MarkedYAMLError as error:
        why = ", ".join(part for part in (error.context, error.problem) if part)
        raise UnreadableError(why, _line(error.problem_mark or error.context_mark)) from None
    except ReaderError as error:
        raise UnreadableError(
            f"a character {error.character:#06x} is not allowed", text.count("\n", 0, error.position) + 1
        ) from None
    return root


class _Parser(Reader, Scanner, Parser):
    """PyYAML's, with tabs as libyaml and its translation to Go take them."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)

    def scan_to_next_token(self) -> None:
        """Pass over spaces, comments and line ends; over tabs where no key may begin, since they are no indentation."""
        while True:
            while self.peek() == " " or (self.peek() == "\t" and (self.flow_level or not self.allow_simple_key)):
                self.forward()
            if self.peek() == "#":
                while self.peek() not in _ENDS:
                    self.forward()
            if not self.scan_line_break():  # type: ignore[no-untyped-call]
                return
            if not self.flow_level:
                self.allow_simple_key = True

    def scan_plain_spaces(self, indent: int, start_mark: Mark) -> list[str]:
        """Count tabs between two words of a plain scalar as part of it, and those at the end of a line as spaces."""
        length = 0
        while self.peek(length) in (" ", "\t"):
            length += 1
        blanks: str = self.prefix(length)
        if "\t" in blanks:
            self.forward(length)
            if self.peek() not in _ENDS:
                return [blanks]
        found: list[str] | None = super().scan_plain_spaces(indent, start_mark)
        return found or []


_ENDS = "\0\r\n\x85\u2028\u2029"


def _events(text: str) -> Iterator[yaml.Event]:
    parser = _Parser(text)
    while parser.check_event():
        yield parser.get_event()  # type: ignore[no-untyped-call]


def _line(mark: Any) -> int:
    """The stubs of PyYAML know two kinds of mark, and events without one."""
    return int(mark.line) + 1 if mark is not None else 1


def _composed(events: Iterator[yaml.Event]) -> Node | None:
    """Read the first document, and no further."""
    anchors: dict[str, Node] = {}
    around: list[Node] = []
    count = 0
    for event in events:
        line = _line(event.start_mark)
        if isinstance(event, yaml.CollectionEndEvent):
            node = around.pop()
            node.is_open = False
        elif isinstance(event, yaml.NodeEvent):
            node = _node(event, anchors, line)
            count += 1
        elif isinstance(event, yaml.StreamEndEvent):
            return None
        else:
            continue
        _insist(count <= MOST_NODES and node.size <= MOST_NODES, f"has more than {MOST_NODES} values", line)
        _insist(len(around) + node.depth <= DEEPEST, f"is nested deeper than {DEEPEST} levels", line)
        if node.is_open:
            around.append(node)
        elif not around:
            return node
        else:
            _put(node, around[-1])
    return None


def _node(event: yaml.NodeEvent, anchors: dict[str, Node], line: int) -> Node:
    if isinstance(event, yaml.AliasEvent):
        named = anchors.get(event.anchor or "")
        if named is None:
            raise UnreadableError(f"there is no anchor {event.anchor!r} before this alias", line)
        _insist(not named.is_open, f"what anchor {event.anchor!r} names contains itself", line)
        return Node("alias", line, children=[named], size=named.size + 1, depth=named.depth)
    node = _KINDS[type(event)](event, line)
    if event.anchor:
        anchors[event.anchor] = node
    return node


def _scalar(event: yaml.ScalarEvent, line: int) -> Node:
    if any("\ud800" <= letter <= "\udfff" for letter in event.value):
        raise UnreadableError("an escape stands for half a character", line)
    return Node("scalar", line, event.value, event.tag or "", is_plain=event.implicit[0] and not event.tag)


_KINDS: Mapping[type, Callable[[Any, int], Node]] = {
    yaml.ScalarEvent: _scalar,
    yaml.SequenceStartEvent: lambda _, line: Node("list", line, is_open=True),
    yaml.MappingStartEvent: lambda _, line: Node("mapping", line, is_open=True),
}


def _put(node: Node, parent: Node) -> None:
    parent.children.append(node)
    parent.size += node.size
    parent.depth = max(parent.depth, node.depth + 1)
    _insist(parent.size <= MOST_NODES, f"has more than {MOST_NODES} values", node.line)


def _insist(holds: bool, else_why: str, line: int) -> None:
    if not holds:
        raise UnreadableError(else_why, line)


def _insist_on_end(events: Iterator[yaml.Event]) -> None:
    """kubectl reads one document up to the next line of "---", and drops what stands behind a line of "..."."""
    why = "kubectl does not read what follows a line of '...': begin each document with '---'"
    try:
        for event in events:
            _insist(isinstance(event, yaml.DocumentEndEvent | yaml.StreamEndEvent), why, _line(event.start_mark))
    except yaml.MarkedYAMLError as error:
        raise UnreadableError(why, _line(error.problem_mark)) from None
