"""`python -m devenv.mutants [--only core/checks] [--again]`: prints the figures; exit 1 where too low."""

import argparse
import os
import resource
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from devenv.mutants.results import FATES, SURVIVORS, Mutant, forget, prefix_of, read, results_of, score, table
from devenv.mutants.tree import BUILD, PACKAGE, ROOT, prepare

HERE = Path(__file__).parent
AREAS = ("core", "engine")
TESTS_S = (3.0, 10.0)
"""CPU seconds of tests that each mutant meets, the quickest first; then those that each survivor meets."""

VENV = BUILD / ".venv"
POLITELY = ("nice", "-n", "19", str(VENV / "bin" / "python"))


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for and report it."""
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument(
        "--only", type=part, help="a module or folder, like core/checks/chains.py; its mutants are all tried again"
    )
    parser.add_argument("--again", action="store_true", help="keep what was killed before, try only the rest")
    parser.add_argument("--children", type=int, default=2, help="how many mutants are tried at the same time")
    options = parser.parse_args(arguments)
    _install()
    areas = [options.only.split("/")[0]] if options.only else list(AREAS)
    for area in areas:
        _run(area, options)
    return _report(areas, options.only)


def part(given: str) -> str:
    """A module or folder of core or engine, written like `core/checks`; raises ArgumentTypeError for anything else."""
    name = given.rstrip("/")
    if name.split("/")[0] not in AREAS or not (PACKAGE / name).exists():
        raise argparse.ArgumentTypeError(
            f"{given!r} is no module or folder of core or engine; write it like core/checks/chains.py or core/checks"
        )
    return name


def _run(area: str, options: argparse.Namespace) -> None:
    """A few tests against all mutants, then three times as many against those that survived."""
    tree = BUILD / area
    prepare(tree, area)
    if not options.again:
        forget(tree, FATES, options.only)
    for tests_s in TESTS_S:
        forget(tree, SURVIVORS, options.only)
        _try(area, options, tests_s)


def _try(area: str, options: argparse.Namespace, tests_s: float) -> None:
    """Try all mutants that have no result yet, with the quickest tests that reach each."""
    tree = BUILD / area
    log = tree / "run.log"
    print(
        f"mutants: {area}, {tests_s:g} s of tests each; results in {results_of(tree).relative_to(ROOT)}",
        file=sys.stderr,
    )
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(tree / "mutants" / "src"), str(tree / "mutants"))),
        "MUTANTS_RESULTS": str(results_of(tree)),
        "MUTANTS_PREFIX": prefix_of(options.only),
        "MUTANTS_TESTS_S": str(tests_s),
        "MUTANTS_CHILDREN": str(options.children),
    }
    with log.open("w") as output:
        subprocess.run([*POLITELY, HERE / "generate.py"], cwd=tree, stdout=output, stderr=output, check=True)
        # What pytest says of a test that fails would take longer than the test: two diaries are hard to compare.
        tersely = ("-q", "--assert=plain", "--tb=no", "-p", "no:cacheprovider", "-p", "mutants_loop")
        patiently = ("-o", "timeout=0")  # being polite, it may take minutes where a test alone takes seconds
        command = [*POLITELY, "-m", "pytest", *tersely, *patiently, f"tests/{area}"]
        done = subprocess.run(command, cwd=tree / "mutants", env=environ, stdout=output, stderr=output, check=False)
    if done.returncode:
        sys.exit(f"mutants: pytest ended with {done.returncode} in {area}; why, {log.relative_to(ROOT)} says")


def _report(areas: Iterable[str], only: str | None) -> int:
    mutants = {area: _chosen(BUILD / area, only) for area in areas}
    scores = {area: score(each) for area, each in mutants.items()}
    print(table(scores))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"\nCPU seconds of this run: {used.ru_utime + used.ru_stime:.0f}")
    for area, each in mutants.items():
        names = [mutant.name for mutant in each if mutant.fate in SURVIVORS]
        if names:
            print(f"\n{area}: survivors and timeouts", flush=True)
            show = [str(VENV / "bin" / "python"), str(HERE / "differences.py"), *names]
            subprocess.run(show, cwd=BUILD / area, check=True)
    return 0 if all(each.is_enough for each in scores.values()) else 1


def _chosen(tree: Path, only: str | None) -> list[Mutant]:
    return [mutant for mutant in read(tree) if mutant.is_in(only)]


def _install() -> None:
    """An environment of its own: mutmut brings libraries that nothing else here needs."""
    wanted = [ROOT / "requirements/dev.txt", ROOT / "requirements/mutants.txt"]
    ready = VENV / ".ready"
    if ready.exists() and ready.stat().st_mtime > max(path.stat().st_mtime for path in wanted):
        return
    uv = str(Path(sys.executable).parent / "uv")
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)], check=True)
    for path in wanted:
        install = [uv, "pip", "install", "--quiet", "--python", str(VENV), "--require-hashes", "-r", str(path)]
        subprocess.run(install, check=True)
    ready.touch()


if __name__ == "__main__":
    sys.exit(main())
