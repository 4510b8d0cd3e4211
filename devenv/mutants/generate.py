"""Writes all mutants of a tree. Runs in mutmut's environment, with the tree as working directory."""

from pathlib import Path

from mutmut.__main__ import create_mutants  # type: ignore[import-not-found] # not in this .venv
from mutmut.utils.file_utils import (  # type: ignore[import-not-found] # likewise
    copy_also_copy_files,
    copy_src_dir,
)


def main() -> None:
    """What has not changed since the last time is left as it is."""
    Path("mutants").mkdir(exist_ok=True)
    copy_src_dir()
    copy_also_copy_files()
    create_mutants(1)


if __name__ == "__main__":
    main()
