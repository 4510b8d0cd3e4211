"""Prints mutants with what was changed, one after the other. Runs in mutmut's environment and in a tree of it."""

import sys
from collections.abc import Iterable, Iterator

from mutmut.mutation.diff_apply import (  # type: ignore[import-not-found] # in an environment of its own
    find_mutant,
    get_diff_for_mutant,
)


def changed(difference: Iterable[str]) -> Iterator[str]:
    """The lines taken out and put in, without the file's head."""
    for line in difference:
        if line.startswith(("+", "-")) and not line.startswith(("+++", "---")):
            yield f"    {line[0]} {line[1:].strip()}"


def main() -> None:
    """Print the mutants named on the command line."""
    for name in sys.argv[1:]:
        print(name.removeprefix("sfn_rollouts."))
        print("\n".join(changed(get_diff_for_mutant(name, path=find_mutant(name).path).splitlines())))


if __name__ == "__main__":
    main()
