"""Puts the table of values into the chart's README.md, made of the comments in values.yaml.

A comment that begins with `# --` says what the key below it is for, and `# @default -- ...` what an empty value stands
for: the form that helm-docs knows. What is below a key with a comment needs none of its own.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

BEGIN, END = "<!-- values: begin -->", "<!-- values: end -->"
_MARK, _DEFAULT_MARK = "# -- ", "# @default -- "
_LONGEST_DEFAULT = 40


@dataclass(frozen=True)
class Value:
    """One value of the chart: `path` like image.tag, `default` as a person would write it, `meaning` in sentences."""

    path: str
    default: str
    meaning: str


def with_values(page: str, values: str) -> str:
    """Return the page with the table between the two marks renewed from the text of values.yaml.

    Raises:
        ValueError: the page has lost its marks, or a value has no comment.
    """
    before, found_begin, rest = page.partition(BEGIN)
    _, found_end, after = rest.partition(END)
    if not found_begin or not found_end:
        raise ValueError(f"the page needs the marks {BEGIN} and {END}")
    rows = [f"| `{each.path}` | {each.default} | {each.meaning} |\n" for each in documented(values)]
    return f"{before}{BEGIN}\n| value | default | meaning |\n|---|---|---|\n{''.join(rows)}{END}{after}"


def documented(values: str) -> Iterator[Value]:
    """Yield each value that has a comment, in the order of the file.

    Raises:
        ValueError: a value has none; the message names it.
    """
    yield from _below(yaml.compose(values, yaml.SafeLoader), "", values.splitlines())


def _below(node: yaml.Node | None, prefix: str, lines: list[str]) -> Iterator[Value]:
    assert isinstance(node, yaml.MappingNode)
    for key, value in node.value:
        path = f"{prefix}{key.value}"
        if comment := _comment_above(lines, key.start_mark.line):
            yield _value(path, comment, _loaded(value))
        elif isinstance(value, yaml.MappingNode) and value.value:
            yield from _below(value, f"{path}.", lines)
        else:
            raise ValueError(f"values.yaml: {path} has no comment that begins with `{_MARK.strip()}`")


def _comment_above(lines: list[str], line: int) -> list[str]:
    """The comment's lines without their indentation, from the one with the mark on; empty when there is none."""
    first = line
    while first and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    comment = [text.strip() for text in lines[first:line]]
    marked = next((number for number, text in enumerate(comment) if text.startswith(_MARK)), len(comment))
    return comment[marked:]


def _value(path: str, comment: list[str], default: object) -> Value:
    explained = [text.removeprefix(_DEFAULT_MARK) for text in comment if text.startswith(_DEFAULT_MARK)]
    sentences = [text.removeprefix(_MARK).removeprefix("# ") for text in comment if not text.startswith(_DEFAULT_MARK)]
    return Value(path, explained[0] if explained else _shown(default), " ".join(sentences).replace("|", r"\|"))


def _shown(default: object) -> str:
    text = json.dumps(default)
    return f"`{text}`" if len(text) <= _LONGEST_DEFAULT else "see values.yaml"


def _loaded(node: yaml.Node) -> object:
    return yaml.safe_load(yaml.serialize(node))
