"""The golden set: each odd feed in data/feeds gives the entries and articles that stand beside it as JSON.

`python tests/test_feeds.py` writes the JSON anew; read the difference before it is committed.
"""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.domain import Source
from monitor.normalize import articles
from monitor.parse import parse

FEEDS = sorted((Path(__file__).parent / "data" / "feeds").glob("*.xml"))
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SOURCE = Source("Novosti", "https://novosti.example/feed/", camp="belgrade", outlet="novosti")


def result(path: Path) -> dict[str, Any]:
    """What the program makes of a feed, in plain values."""
    feed = parse(path.read_bytes(), {}, SOURCE.url)
    ttl = feed.ttl.total_seconds() if feed.ttl else None
    found = [
        {"keys": article.keys, "url": article.url, "outlet": article.outlet, "title": article.title}
        | {"summary": article.summary, "published": article.published}
        for article in articles(SOURCE, feed, NOW)
    ]
    entries = [asdict(entry) for entry in feed.entries]
    about = {"failure": feed.failure, "detail": feed.detail, "ttl": ttl, "lang": feed.lang}
    plain = json.dumps(about | {"entries": entries, "articles": found}, default=str, ensure_ascii=False)
    return dict(json.loads(plain))


@pytest.mark.parametrize("path", FEEDS, ids=lambda path: path.stem)
def test_an_odd_feed_gives_what_a_reader_would_expect(path: Path) -> None:
    """Entries, failures, clean text, addresses and identities are as recorded."""
    assert result(path) == json.loads(path.with_suffix(".json").read_text("utf-8"))


def test_the_set_is_whole() -> None:
    """There are many feeds, and no expectation without its feed."""
    assert len(FEEDS) >= 25
    assert {path.with_suffix(".xml") for path in FEEDS[0].parent.glob("*.json")} == set(FEEDS)


if __name__ == "__main__":
    for feed in FEEDS:
        text = json.dumps(result(feed), indent=1, ensure_ascii=False) + "\n"
        feed.with_suffix(".json").write_text(text, "utf-8")
