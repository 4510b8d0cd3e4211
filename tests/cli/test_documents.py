"""Files as kubectl cuts and reads them; and files that are meant to take a reader down."""

import json
from pathlib import Path
from typing import Any

import pytest

from devenv.control_plane import Kubectl
from sfn_rollouts.cli.documents import documents

HEAD = "apiVersion: sfnrollouts.dev/v1alpha1\nkind: StepFunctionRollout\nmetadata: {name: a}\n"
GOOD = HEAD.replace("name: a", "name: b") + "spec: {a: 2}\n"


def with_spec(text: str) -> str:
    """Return a manifest whose spec, on line 4, is this YAML."""
    return f"{HEAD}spec: {text}\n"


def as_json(spec: str) -> str:
    """Return a manifest in JSON whose spec is this JSON."""
    around = '"apiVersion": "sfnrollouts.dev/v1alpha1", "kind": "StepFunctionRollout", "metadata": {"name": "a"}'
    return f'{{{around}, "spec": {spec}}}'


def as_bytes(text: str) -> bytes:
    """Return the bytes of a file; U+DC80 to U+DCFF stand for bytes that are no UTF-8."""
    return text.encode(errors="surrogateescape")


def read(raw: bytes) -> list[Any]:
    """Return the specs of the documents, and the line and reason of those that cannot be read."""
    return [
        (each.unreadable.line, each.unreadable.why) if each.unreadable else each.manifest["spec"]
        for each in documents(raw)
        if each.unreadable or each.manifest is not None
    ]


READ: dict[str, tuple[str, list[Any]]] = {
    "two documents": (f"{with_spec('{a: 1}')}---\n{GOOD}", [{"a": 1}, {"a": 2}]),
    "separators, comments and nothing": (f"---\n# x\n---  # y\n{GOOD}---\n---\n~\n", [{"a": 2}]),
    "line ends of Windows": (f"{GOOD}---\n{GOOD}".replace("\n", "\r\n"), [{"a": 2}, {"a": 2}]),
    "a byte order mark": (f"\ufeff{GOOD}", [{"a": 2}]),
    "files with byte order marks, one behind the other": (
        f"\ufeff{with_spec('{a: 1}')}---\n\ufeff{GOOD}---\n\ufeff---\n{GOOD}---\n\ufeff# x\n",
        [{"a": 1}, {"a": 2}, {"a": 2}],
    ),
    "two byte order marks": (f"\ufeff\ufeff{GOOD}", [{"a": 2}]),
    "a tab before a comment": (with_spec("\n  a: 1\t# x"), [{"a": 1}]),
    "a tab behind a colon": (with_spec("\n  a:\tx"), [{"a": "x"}]),
    "a tab within a text": (with_spec("\n  a: x\ty"), [{"a": "x\ty"}]),
    "a tab at the end of a line": (with_spec("\n  a: x\t\n  b: 1"), [{"a": "x", "b": 1}]),
    "a text of two lines": (with_spec("\n  a: x\n    y\n  b: 1"), [{"a": "x y", "b": 1}]),
    "a tab in brackets": (with_spec("{\n\ta: 1,\n\tb:\t2}"), [{"a": 1, "b": 2}]),
    "an end that is marked": (with_spec("{a: 1}\n..."), [{"a": 1}]),
    "blocks of text": (with_spec("\n  a: |\n    x\n    ---\n  b: >-\n    y\n    z"), [{"a": "x\n---\n", "b": "y z"}]),
    "JSON": (as_json(r'{"a": 1e2, "b": "\ud83d\ude00", "c": "\ud800"}'), [{"a": 100, "b": "😀", "c": "\ufffd"}]),
    "JSON with tabs": (as_json('{\n\t"a": 12345678901234567}'), [{"a": 12345678901234567}]),
    "JSON, one behind the other": (f"{as_json('{}')}{as_json('[]')}\n", [{}, []]),
    "JSON, then YAML": (f"{as_json('{}')}\n---\n{GOOD}", [{}, {"a": 2}]),
    "YAML in braces": (GOOD.replace("\n", ", ").join("{}"), [{"a": 2}]),
    "an anchor that is used again": (with_spec("{a: &x 1, b: &x 2, c: *x}"), [{"a": 1, "b": 2, "c": 2}]),
}


@pytest.mark.parametrize(("text", "specs"), READ.values(), ids=READ)
def test_a_file_is_read(text: str, specs: list[Any]) -> None:
    assert read(text.encode()) == specs


@pytest.mark.usefixtures("crds_installed")
@pytest.mark.parametrize(("text", "specs"), READ.values(), ids=READ)
def test_kubectl_reads_it_so(kubectl: Kubectl, text: str, specs: list[Any]) -> None:
    output = "jsonpath={.spec}{'\\n'}"
    answer = kubectl("create", "--dry-run=client", "--validate=false", "-o", output, "-f", "-", stdin=text)
    assert [json.loads(line) for line in answer.stdout.splitlines()] == specs


@pytest.mark.usefixtures("crds_installed")
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_read_with_its_mark_as_kubectl_does(kubectl: Kubectl, tmp_path: Path, encoding: str) -> None:
    mark = "" if encoding == "utf-16" else "\ufeff"
    (tmp_path / "file.yaml").write_bytes(f"{mark}{with_spec('{a: ü}')}".encode(encoding))
    assert read((tmp_path / "file.yaml").read_bytes()) == [{"a": "ü"}]
    command = ("create", "--dry-run=client", "--validate=false", "-o", "jsonpath={.spec}", "-f")
    assert json.loads(kubectl(*command, str(tmp_path / "file.yaml")).stdout) == {"a": "ü"}


def growing(form: str) -> str:
    """Return eight lines, each of ten aliases of the line before it: a hundred million values at the end."""
    lines = (f"x{n}: &x{n} " + form % ", ".join([f"*x{n - 1}"] * 10) for n in range(1, 9))
    return "x0: &x0 {a: b}\n" + "".join(f"{line}\n" for line in lines)


TOO_MANY, TOO_DEEP = "has more than 100000 values", "is nested deeper than 100 levels"
UNREADABLE: dict[str, tuple[str, int, str]] = {
    "lists of aliases of lists of aliases": (f"{growing('[%s]')}{HEAD}spec: *x8\n", 6, TOO_MANY),
    "the same with mappings": (f"{growing('{k: [%s]}')}{HEAD}", 6, TOO_MANY),
    "the same with merges": (f"{growing('{<<: [%s]}')}{HEAD}", 6, TOO_MANY),
    "nearly all aliases": (
        with_spec(f"\n  a: &a [{'x, ' * 299}x]\n  b: &b [{'*a, ' * 14}*a]\n  c: [{'*b, ' * 14}*b]"),
        7,
        "is nearly all aliases, which kubectl refuses: write it out",
    ),
    "what contains itself": (with_spec("&s {alias: *s}"), 4, "what anchor 's' names contains itself"),
    "three thousand brackets": (with_spec("[" * 3000 + "]" * 3000), 4, TOO_DEEP),
    "a hundred thousand brackets": (with_spec("[" * 100_000), 4, TOO_DEEP),
    "brackets, each on a line": (with_spec("\n" + "  [\n" * 5000), 104, TOO_DEEP),
    "dashes within dashes": (with_spec("\n  " + "- " * 3000), 5, TOO_DEEP),
    "mappings within mappings": (with_spec("{a: " * 3000), 4, TOO_DEEP),
    "depth by aliases": (with_spec(f"\n  a: &a {'[' * 60}{']' * 60}\n  b: {'[' * 60}*a{']' * 60}"), 6, TOO_DEEP),
    "JSON of brackets": (as_json("[" * 100_000 + "]" * 100_000), 1, TOO_DEEP),
    "JSON within JSON": (as_json('{"a":' * 500 + "1" + "}" * 500), 1, TOO_DEEP),
    "a list without end": (with_spec("\n" + "- x\n" * 100_001), 99_994, TOO_MANY),
    "a byte that is not UTF-8": (with_spec("{a: \udcff}"), 4, "byte 0xff is not UTF-8: save the file as UTF-8"),
    "half of a UTF-8 character": (with_spec("{a: \udcc3}"), 4, "byte 0xc3 is not UTF-8: save the file as UTF-8"),
    "NUL": (with_spec("{a: \0}"), 4, "a character 0x0000 is not allowed"),
    "ESC": (with_spec("{a: \x1b}"), 4, "a character 0x001b is not allowed"),
    "a tab as indentation": (with_spec("\n\ta: 1"), 5, "cannot start any token"),
    "a key given twice": (with_spec("\n  a: 1\n  b: 2\n  a: 3"), 7, "key 'a' is given twice"),
    "a key given twice in other words": (with_spec("\n  y: 1\n  on: 2"), 6, "key 'true' is given twice"),
    "a key given twice in JSON": (as_json('{"a": 1,\n"a": 2}'), 2, "key 'a' is given twice"),
    "a number that JSON's readers refuse": (as_json('{"a":\n1e999}'), 2, "1e999 is no number of JSON"),
    "more behind the end": (f"{GOOD}...\n{GOOD}", 6, "kubectl does not read what follows a line of '...'"),
    "a directive": ("%YAML 1.1\n", 2, "expected '<document start>'"),
    "what is not closed": (with_spec("[a"), 5, "expected ',' or ']'"),
}


@pytest.mark.parametrize(("text", "line", "why"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_reported_with_its_line(text: str, line: int, why: str) -> None:
    [(reported, reason)] = read(as_bytes(text))
    assert why in reason
    assert reported == line


@pytest.mark.parametrize("text", [text for text, _, _ in UNREADABLE.values() if len(text) < 300_000])
def test_the_documents_around_it_are_read(text: str) -> None:
    first, *reported, last = read(as_bytes(f"{GOOD}---\n{text}\n---\n{GOOD}"))
    assert (first, last) == ({"a": 2}, {"a": 2})
    assert len(reported) == 1


def test_utf_16_that_is_none_is_reported() -> None:
    assert read(b"\xff\xfea") == [(1, "is not the UTF-16 that its first bytes promise: save it as UTF-8")]


def test_what_stands_behind_a_separator_is_reported() -> None:
    why = "'{a: b}' stands behind '---', where kubectl takes a comment only"
    assert read(f"--- {{a: b}}\n---\n{GOOD}".encode()) == [(1, why), {"a": 2}]


@pytest.mark.parametrize(("first", "more"), [("9", ""), ("0x", "f"), ("0b", "1"), ("1.5e", "9")])
def test_thousands_of_digits_are_a_text_as_for_kubectl(first: str, more: str) -> None:
    digits = first + (more or "9") * 5000
    assert read(with_spec(f"{{version: {digits}}}").encode()) == [{"version": digits}]
