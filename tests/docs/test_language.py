"""Plain technical English, and lines that fit on a screen: held for every text of the repository.

The words of Kubernetes, Flux and AWS stand for things that a reader knows; a word of our own costs each of them a
translation, and some of it reaches users.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WIDTH = 120

REPLACED = {
    "deed": "action",
    "wish": "request, spec or what is asked for",
    "mend": "fix",
    "cure": "remedy, or: to fix it",
    "anew": "again",
    "afresh": "again",
    "unheard": "pending",
    "amiss": "wrong",
    "ailment": "problem",
    "told": "said, reported, shown; a transcript",
}
_REPLACED = re.compile(
    r"(?<![a-z])(deed|wish|mend|cure|anew|afresh|unheard|amiss|ailment|told)(?:s|es|ed|d|ing)?(?![a-z])", re.IGNORECASE
)
WHERE_THEY_ARE_LISTED = Path(__file__)

FOLDERS = ("operator", "devenv", "tests", "docs", "charts", "deploy", "examples", "crds", ".github")
SUFFIXES = {".py", ".md", ".yaml", ".yml", ".json", ".lua", ".tf", ".tpl", ".txt", ".sh", ".toml", ".svg"}
PAGES = sorted([*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))])


def texts() -> Iterator[Path]:
    """Every text file but this one."""
    yield from (ROOT / name for name in ("Makefile", "Dockerfile", "pyproject.toml"))
    for path in [*ROOT.glob("*.md"), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))]:
        if path.suffix in SUFFIXES and path != WHERE_THEY_ARE_LISTED:
            yield path


def replaced_words(text: str) -> list[str]:
    """Find the replaced words of a text, each with its line."""
    lines = enumerate(text.splitlines(), 1)
    return [f"line {number}: {found.group()}" for number, line in lines for found in _REPLACED.finditer(line)]


def too_wide(page: str) -> list[str]:
    """Find the lines of a page that are too wide and could be broken.

    Three kinds cannot: a row of a table, a line of a code block (a command or an output as it is), and a single word,
    as a URL is.
    """
    found, is_code, is_fenced, before = [], False, False, ""
    for line in page.splitlines():
        if line.lstrip().startswith("```"):
            is_fenced = not is_fenced
        is_indented = line.startswith("    ") and (is_code or not before.strip())
        is_code = is_fenced or is_indented
        if len(line) > WIDTH and not is_code and not line.startswith("|") and len(line.split()) > 1:
            found.append(line)
        before = line
    return found


def test_no_replaced_word_is_left() -> None:
    found = {str(path.relative_to(ROOT)): words for path in texts() if (words := replaced_words(path.read_text()))}
    assert found == {}, f"write instead: {REPLACED}"


def test_no_file_is_named_with_one() -> None:
    names = [path.relative_to(ROOT).as_posix() for path in texts()]
    assert [name for name in names if replaced_words(name)] == []


def test_a_docstring_says_what_is_returned_in_the_words_of_the_field() -> None:
    """Return, Report, Parse, Yield: not Give, Tell, Say."""
    found = [
        f"{path.relative_to(ROOT)}: {said.partition(chr(10))[0]}"
        for path in texts()
        if path.suffix == ".py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module)
        if re.match(r"(Give|Tell|Say)s?\b", said := ast.get_docstring(node) or "")
    ]
    assert found == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_line_of_a_page_is_too_wide(page: Path) -> None:
    assert too_wide(page.read_text()) == []


# -- what the tests above would find --


@pytest.mark.parametrize("word", ["deeds", "a wish,", "mended", "the CURE", "_told(", "is_told", "an ailment", "anew."])
def test_a_replaced_word_is_found_in_prose_and_in_names(word: str) -> None:
    assert len(replaced_words(f"first\nhere is {word}")) == 1


@pytest.mark.parametrize("word", ["amend", "recommended", "secure", "indeed", "obscured", "procured", "dishwasher"])
def test_other_words_are_not(word: str) -> None:
    assert replaced_words(word) == []


LONG = "word " * 25


@pytest.mark.parametrize(
    "text", [LONG, f"- {LONG}", f"1. {LONG}", f"    {LONG}".lstrip(), f"a\n    {LONG}", f"> {LONG}"]
)
def test_a_line_that_could_be_broken_is_found(text: str) -> None:
    assert len(too_wide(text)) == 1


@pytest.mark.parametrize(
    "text", [f"| {LONG} |", f"```\n{LONG}\n```", f"a\n\n    b\n    {LONG}", "https://" + "x" * WIDTH]
)
def test_a_line_that_cannot_be_broken_is_not(text: str) -> None:
    assert too_wide(text) == []
