"""Puts a bench's output, read from standard input, into docs/performance.md between the markers of its name.

python bench/feeds.py | python bench/record.py feeds
"""

import re
import sys
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "performance.md"


def main(name: str) -> None:
    output = sys.stdin.read().strip()
    if "|" not in output:
        sys.exit(f"{name} printed no table")
    begin, end = f"<!-- figures: {name} -->", f"<!-- end: {name} -->"
    place = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    text, found = place.subn(lambda _: f"{begin}\n{output}\n{end}", DOCUMENT.read_text("utf-8"))
    if not found:
        sys.exit(f"{DOCUMENT} has no place for {name}")
    DOCUMENT.write_text(text, "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
