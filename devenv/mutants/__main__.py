"""`python -m devenv.mutants [--only core/gates.py] [--again]`: prints the figures; exit 1 where they are too low."""

import argparse
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from devenv.mutants.results import Mutant, forget_survivors, read, score, table
from devenv.mutants.tree import BUILD, ROOT, prepare

AREAS = ("core", "engine")
VENV = BUILD / ".venv"
CHILDREN = 2


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for and report it."""
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("--only", help="one module, like core/gates.py; its mutants are all tried again")
    parser.add_argument("--again", action="store_true", help="keep what was killed before, try only the rest")
    options = parser.parse_args(arguments)
    _install()
    areas = [options.only.split("/")[0]] if options.only else list(AREAS)
    for area in areas:
        _run(area, options.only, is_again=options.again)
    return _report(areas, options.only)


def _run(area: str, only: str | None, *, is_again: bool) -> None:
    """Quick tests against all mutants, then the slow tests against those that survived them."""
    if not is_again and only is None:
        shutil.rmtree(BUILD / area / "mutants", ignore_errors=True)
    tree = prepare(area)
    if is_again:
        forget_survivors(tree)
    names = [f"sfn_rollouts.{only.removesuffix('.py').replace('/', '.')}.*"] if only else []
    _mutmut(tree, names, "quick")
    left = [mutant.name for mutant in _chosen(tree, only) if mutant.fate in ("survived", "timeout")]
    if left:
        _mutmut(tree, left, "slow")


def _mutmut(tree: Path, names: Sequence[str], tests: str) -> None:
    command = ["nice", "-n", "19", str(VENV / "bin" / "mutmut"), "run", "--max-children", str(CHILDREN), *names]
    log = tree / f"{tests}.log"
    print(f"mutants: {tree.name}, {tests} tests; progress in {log.relative_to(ROOT)}", file=sys.stderr)
    with log.open("w") as output:
        environ = {**os.environ, "MUTANTS_TESTS": tests}
        done = subprocess.run(command, cwd=tree, env=environ, stdout=output, stderr=output, check=False)
    if done.returncode:
        raise SystemExit(f"mutmut failed: see the end of {log.relative_to(ROOT)}")


def _report(areas: Iterable[str], only: str | None) -> int:
    mutants = {area: _chosen(BUILD / area, only) for area in areas}
    scores = {area: score(each) for area, each in mutants.items()}
    print(table(scores))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"\nCPU seconds of this run: {used.ru_utime + used.ru_stime:.0f}")
    for area, each in mutants.items():
        names = [mutant.name for mutant in each if mutant.fate != "killed"]
        if names:
            print(f"\n{area}: survivors and timeouts", flush=True)
            show = [str(VENV / "bin/python"), str(ROOT / "devenv/mutants/differences.py")]
            subprocess.run([*show, *names], cwd=BUILD / area, check=True)
    return 0 if all(each.is_enough for each in scores.values()) else 1


def _chosen(tree: Path, only: str | None) -> list[Mutant]:
    return [mutant for mutant in read(tree) if only is None or mutant.module == only]


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
