"""Generated files are committed, and whoever forgets to renew them sees it."""

from pathlib import Path

import pytest

from devenv.generate.files import FILES, ROOT, main, stale, write


def test_the_committed_files_are_current() -> None:
    assert stale(FILES, ROOT) == {}


def test_the_check_is_quiet_when_all_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0
    assert capsys.readouterr().out == ""


def test_what_differs_is_shown_and_then_written(tmp_path: Path) -> None:
    files = {"docs/a.md": lambda: "new\n"}
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.md").write_text("old\n")

    assert stale(files, tmp_path)["docs/a.md"].splitlines()[-2:] == ["-old", "+new"]
    assert write(files, tmp_path) == ["docs/a.md"]
    assert stale(files, tmp_path) == {}
    assert write(files, tmp_path) == []


def test_a_missing_file_is_written_with_its_folder(tmp_path: Path) -> None:
    assert write({"new/folder/a.md": lambda: "text\n"}, tmp_path) == ["new/folder/a.md"]
    assert (tmp_path / "new/folder/a.md").read_text() == "text\n"
