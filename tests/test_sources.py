"""The shipped list of feeds: complete, and written the way the rest of the program relies on."""

import re
from collections import defaultdict
from pathlib import Path
from urllib.parse import urlsplit

from monitor.config import load
from monitor.domain import REGION

SOURCES = load(Path(__file__).parent.parent / "config", {}).sources


def test_every_country_has_feeds_that_are_on() -> None:
    """Each of the seven countries is watched from the first run, and so is the world's press."""
    assert {source.country for source in SOURCES if source.enabled} >= set(REGION)
    assert sum(source.camp == "international" and source.enabled for source in SOURCES) >= 5


def test_outlets_and_camps_are_plain_words() -> None:
    """Both are lower-case words with hyphens, so that the same one is never written in two ways."""
    for source in SOURCES:
        assert re.fullmatch(r"[\w.&/]+( [\w.&/:]+)*", source.outlet), source
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", source.camp), source
        assert source.lang, source


def test_one_host_is_one_outlet() -> None:
    """Feeds of one publisher share their outlet, so that they count once; only searches stand for many."""
    outlets = defaultdict(set)
    for source in SOURCES:
        outlets[(urlsplit(source.url).hostname or "").removeprefix("www.")].add(source.outlet)
    shared = {host: names for host, names in outlets.items() if len(names) > 1}
    assert set(shared) == {"news.google.com"}
