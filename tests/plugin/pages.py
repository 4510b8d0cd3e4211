"""The pages of all scenes as text, kept beside the tests; `python -m tests.plugin.pages` writes them again."""

import io
import sys
from pathlib import Path

from sfn_rollouts.plugin.view.output import Output
from sfn_rollouts.plugin.view.page import Canvas, page
from tests.plugin.scenes import SCENES, Scene

FOLDER = Path(__file__).parent / "pages"
WIDTHS = (80, 120)
_RULE = "=" * 8


def rendered(scene: Scene, width: int, *, is_ascii: bool = False, height: int | None = None) -> str:
    """What somebody sees who pipes it, without colours; with a height, what is redrawn in place."""
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding="ascii" if is_ascii else "utf8", newline="\n", write_through=True)
    output = Output(stream, {"COLUMNS": str(width)})
    output.show(page(scene.view, Canvas(output.width, output.marks, height)))
    return buffer.getvalue().decode()


def stored(width: int) -> dict[str, str]:
    """Each scene's page as it stands in the repository."""
    parts = (FOLDER / f"{width}.txt").read_text().split(f"{_RULE} ")[1:]
    return {name: text.rstrip("\n") for name, _, text in (part.partition("\n") for part in parts)}


def main() -> int:
    for width in WIDTHS:
        pages = (f"{_RULE} {name}\n{rendered(make(), width)}\n" for name, make in SCENES.items())
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / f"{width}.txt").write_text("".join(pages))
    return 0


if __name__ == "__main__":
    sys.exit(main())
