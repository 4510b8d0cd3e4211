"""The pytest plugin that tries mutants: collect once, measure each test once, then fork for every mutant.

Runs in mutmut's environment. mutmut has written all mutants of a function beside it, and calls the one that is named;
its own runner starts pytest again for each, which takes several times as long as the test that notices the mutant.
"""

import gc
import hashlib
import json
import os
import resource
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
from mutmut.mutation.trampoline import set_mutant_under_test  # type: ignore[import-not-found] # not in this .venv
from mutmut.state import state  # type: ignore[import-not-found] # likewise

KILLED, SURVIVED, TIMED_OUT = 1, 0, 24
_THREADED = ("test_loop_and_workers.py", "test_time_limit.py")
_UNTRIED = "mutant_generation"  # mutmut's word for: call the unbroken functions


class Mutant(NamedTuple):
    """`digest` is that of the unbroken function: with another one, an earlier result says nothing."""

    name: str
    digest: str

    @property
    def function(self) -> str:
        return self.name.partition("__mutmut_")[0]

    @property
    def module(self) -> str:
        return self.name.rpartition(".")[0]


class Loop:
    """Runs in place of pytest's own loop over the tests."""

    def __init__(self, results: Path, prefix: str, tests_s: float, children: int) -> None:
        self._results = results
        self._prefix = prefix
        self._tests_s = tests_s
        self._children = children
        self._running: dict[int, Mutant] = {}
        self._reached: dict[str, list[pytest.Item]] = {}
        self._took_s: dict[str, float] = {}
        self._noticed: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._learnt_to = 0
        self._has_failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._has_failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Measure, try, and leave the results in a file, one a line."""
        if session.testsfailed:
            raise session.Interrupted("there are tests that cannot be collected: no mutant would meet them")
        mutants = list(self._chosen())
        print(f"\n{len(mutants)} mutants to try", file=sys.stderr)
        if mutants:
            items = {item.nodeid: item for item in session.items}
            measured = self._measured(items)
            self._took_s = measured["took_s"]
            self._reached = {
                function: [items[test] for test in sorted(tests, key=lambda test: self._rank(function, test))]
                for function, tests in measured["reached"].items()
            }
            gc.freeze()  # else every child copies the whole heap when it counts references
            Random(0).shuffle(mutants)  # noqa: S311 - so that a run cut short is a fair sample
            for mutant in mutants:
                self._begin(mutant)
            while self._running:
                self._await_one()
        return True

    # -- which mutants --

    def _chosen(self) -> Iterator[Mutant]:
        done = {(line["name"], line["digest"]) for line in read_lines(self._results)}
        for mutant in all_mutants(Path("src")):
            if mutant not in done and mutant.name.startswith(self._prefix):
                yield mutant

    # -- which tests --

    def _measured(self, items: Mapping[str, pytest.Item]) -> dict[str, Any]:
        """What is known of these very files, or else measured now."""
        digest = _digest_of(path for kind in ("src", "tests") for path in Path(kind).rglob("*.*"))
        known = Path("measured.json")
        noted = json.loads(known.read_text()) if known.exists() else {}
        if noted.get("digest") != digest or set(noted["took_s"]) != set(items):
            noted = {"digest": digest, **self._measure(items)}
            known.write_text(json.dumps(noted))
        set_mutant_under_test(_UNTRIED)
        return noted

    def _rank(self, function: str, test: str) -> tuple[bool, int, float]:
        """Tests named like the module first, then quick ones, and those that look at everything.

        Those with threads come last: they wait long before they fail.
        """
        strict = 0.25 if "test_transcripts.py" in test else 1.0
        named = sum(word.removesuffix("s") in test.partition("::")[0] for word in function.split(".")[2:-1])
        return any(name in test for name in _THREADED), -named, strict * self._took_s[test]

    def _measure(self, items: Mapping[str, pytest.Item]) -> dict[str, Any]:
        """Run every test once on the unbroken code: what it takes, and which functions it reaches."""
        os.environ["MUTMUT_DEPENDENCY_DEPTH"] = "-1"
        set_mutant_under_test("stats")
        took_s: dict[str, float] = {}
        reached: dict[str, list[str]] = defaultdict(list)
        for name, item in items.items():
            state()._stats.clear()
            began = time.process_time()
            if not self._passes(item):
                pytest.exit(f"{name} fails on the unbroken code", returncode=1)
            took_s[name] = time.process_time() - began
            for function in state()._stats:
                reached[function].append(name)
        return {"took_s": took_s, "reached": reached}

    def _learn(self) -> None:
        """Which tests have noticed mutants of each module so far: the next ones of it are likely to meet them, too."""
        if not self._results.exists():
            return
        with self._results.open() as results:
            results.seek(self._learnt_to)
            for line in map(json.loads, results.readlines()):
                self._noticed[Mutant(line["name"], line["digest"]).module][line["by"]] += line["code"] == KILLED
            self._learnt_to = results.tell()

    def _tests(self, mutant: Mutant) -> Iterator[pytest.Item]:
        """The tests that reach a mutant, as many as the time allows, and one in any case.

        First those that have noticed most of its module, then the quickest.
        """
        left_s, noticed = self._tests_s, self._noticed[mutant.module]
        tests = sorted(self._reached.get(mutant.function, ()), key=lambda item: -noticed[item.nodeid])
        for place, item in enumerate(tests):
            left_s -= self._took_s[item.nodeid]
            if place and left_s < 0:
                return
            yield item

    def _cost_s(self, mutant: Mutant) -> float:
        return sum(self._took_s[item.nodeid] for item in self._tests(mutant))

    def _passes(self, item: pytest.Item) -> bool:
        self._has_failed = False
        item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
        return not self._has_failed

    # -- one child a mutant --

    def _begin(self, mutant: Mutant) -> None:
        while len(self._running) >= self._children:
            self._await_one()
        self._learn()
        child = os.fork()
        if child == 0:
            self._try(mutant)
        self._running[child] = mutant

    def _try(self, mutant: Mutant) -> None:
        """In the child: the first test that fails ends it. A mutant that never ends is ended by the kernel."""
        limit_s = int(self._cost_s(mutant) * 2) + 3
        resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s + 1))
        signal.alarm(10 * limit_s)  # some wait for ever and use no CPU
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        set_mutant_under_test(mutant.name)
        for item in self._tests(mutant):
            try:
                passes = self._passes(item)
            except BaseException:  # noqa: BLE001 - whatever breaks pytest itself is noticed, too
                passes = False
            if not passes:
                self._note(mutant, KILLED, item.nodeid)
                os._exit(0)
        self._note(mutant, SURVIVED, "")
        os._exit(0)

    def _await_one(self) -> None:
        child, code = os.wait()
        mutant = self._running.pop(child)
        if code:
            is_late = os.WIFSIGNALED(code) and os.WTERMSIG(code) in (signal.SIGXCPU, signal.SIGALRM, signal.SIGKILL)
            self._note(mutant, TIMED_OUT if is_late else KILLED, f"ended with {code}")

    def _note(self, mutant: Mutant, code: int, by: str) -> None:
        line = json.dumps({"name": mutant.name, "digest": mutant.digest, "code": code, "by": by})
        with self._results.open("a") as results:
            results.write(line + "\n")


def all_mutants(tree: Path) -> Iterator[Mutant]:
    """Every mutant that mutmut has written, in the order of the code."""
    for path in sorted(tree.rglob("*.py.meta")):
        yield from _mutants_in(json.loads(path.read_text()))


def _mutants_in(noted: Mapping[str, Any]) -> Iterator[Mutant]:
    digests = noted["hash_by_function_name"]
    for name in noted["exit_code_by_key"]:
        yield Mutant(name, digests[name.partition("__mutmut_")[0].rpartition(".")[2]])


def _digest_of(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        if path.is_file() and path.suffix in (".py", ".txt"):
            digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()


def read_lines(results: Path) -> list[dict[str, Any]]:
    """What was noted so far; none before the first run."""
    return [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []


def pytest_configure(config: pytest.Config) -> None:
    """Replace pytest's own loop."""
    given = os.environ
    results, prefix = Path(given["MUTANTS_RESULTS"]), given["MUTANTS_PREFIX"]
    loop = Loop(results, prefix, float(given["MUTANTS_TESTS_S"]), int(given["MUTANTS_CHILDREN"]))
    config.pluginmanager.register(loop)
