"""The tree that mutmut works in: it wants a `src/`, which our source root is not."""

import ast
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "operator" / "sfn_rollouts"
BUILD = ROOT / "build" / "mutants"

_LEFT_OUT_FILES = ("test_properties.py", "test_determinism.py")
"""Hypothesis reaches every function and takes ten seconds; the other one starts Pythons that know no mutants."""

_BESIDE = ("devenv/__init__.py", "devenv/waiting.py", "tests/true_time.py", "docs/concepts.md")
"""What the tests of core and engine read besides their own folders."""

_CONFIG = """
[tool.mutmut]
source_paths = ["src"]
only_mutate = ["src/sfn_rollouts/{area}/*"]
also_copy = ["devenv", "docs", "mutants_loop.py"]
do_not_mutate_patterns = ["\\\\b_?log(\\\\.\\\\w+)?\\\\("]
"""


def prepare(tree: Path, area: str) -> None:
    """Bring the tree of one area ("core" or "engine") up to date; what has not changed keeps its results."""
    wanted = {Path("pyproject.toml"): (ROOT / "pyproject.toml").read_text() + _CONFIG.format(area=area)}
    for source in PACKAGE.rglob("*.py"):
        package = source.relative_to(PACKAGE)
        text = source.read_text()
        wanted[Path("src/sfn_rollouts") / package] = methods_for_properties(text) if package.parts[0] == area else text
    tests = [*(ROOT / "tests/core").rglob("*.*"), *(ROOT / "tests/engine").rglob("*.*")]
    read_by_tests = [path for path in tests if path.suffix in (".py", ".txt") and path.name not in _LEFT_OUT_FILES]
    for path in (*read_by_tests, *(ROOT / name for name in _BESIDE)):
        wanted[path.relative_to(ROOT)] = path.read_text()
    wanted[Path("mutants_loop.py")] = (Path(__file__).parent / "loop.py").read_text()
    _write(tree, wanted)


def methods_for_properties(source: str) -> str:
    """Write each `@property` as a plain method, made a property below it: mutmut skips decorated functions."""
    lines = source.splitlines()
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef) and _is_property(node)]
    for node in sorted(found, key=lambda node: node.lineno, reverse=True):
        indent = " " * node.col_offset
        lines.insert(node.end_lineno or node.lineno, f"{indent}{node.name} = property({node.name})")
        del lines[node.decorator_list[0].lineno - 1]
    return "\n".join(lines) + "\n"


def _is_property(node: ast.FunctionDef) -> bool:
    return [ast.unparse(decorator) for decorator in node.decorator_list] == ["property"]


def _write(tree: Path, wanted: dict[Path, str]) -> None:
    """Only what has changed: mutmut goes by a file's time."""
    known = {path.relative_to(tree) for kind in ("src", "tests") for path in (tree / kind).rglob("*.*")}
    gone = {path for path in known if path not in wanted and "__pycache__" not in path.parts}
    changed = {path for path, text in wanted.items() if path not in known or (tree / path).read_text() != text}
    for path in gone:
        (tree / path).unlink()
    for path in changed:
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(wanted[path])
    shutil.rmtree(tree / "mutants" / "tests", ignore_errors=True)  # mutmut copies, but takes nothing away
