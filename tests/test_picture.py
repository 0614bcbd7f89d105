"""The README's picture is what the program renders."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"


def test_the_picture_of_an_alert_is_what_render_gives() -> None:
    """`python docs/picture.py` draws it anew."""
    made = runpy.run_path(str(DOCS / "picture.py"))
    assert (DOCS / "alert.svg").read_text("utf-8") == made["draw"](made["grave"](), made["small"]())
