"""A replay is the same pipeline: outlets and camps of sources.yaml, messages at the times at which they are due."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from newsroom import judge, title

from monitor.backtest import Sent, read_records, replay
from monitor.config import Config, Service
from monitor.domain import Reason, Source

NINE = datetime(2026, 5, 1, 9, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SOURCES = (
    Source("Koha Ditore", "https://www.koha.net/rss", "sq", "XK", "pristina", "Koha Ditore"),
    Source("RTS", "https://www.rts.rs/feed.xml", "sr", "RS", "belgrade", "RTS"),
    Source("N1 Sarajevo", "https://n1info.ba/feed/", "bs", "BA", "sarajevo", "N1"),
    Source("N1 Belgrade", "https://n1info.rs/feed/", "sr", "RS", "belgrade", "N1"),
    Source("DW Albanian", "https://rss.dw.com/xml/rss-sq-all", "sq", None, "international", "DW"),
    Source("DW English", "https://rss.dw.com/xml/rss-en-all", "en", None, "international", "DW"),
    Source("Reuters by Google", "https://news.google.com/rss/a", "en", None, "international", "Reuters"),
    Source("AP by Google", "https://news.google.com/rss/b", "en", None, "international", "AP"),
    Source("Makfaks", "https://makfax.com.mk/feed/", "mk", "MK", "skopje", "Makfaks"),
)


def sent(folder: Path, rows: Sequence[tuple[timedelta, str, str]], **changes: object) -> tuple[Sent, ...]:
    """What is sent of items given as (time after nine, title, outlet)."""
    file = folder / "news.jsonl"
    records = [
        {
            "title": text,
            "summary": "",
            "lang": "en",
            "published": (NINE + after).isoformat(),
            "outlet": outlet,
            "url": "",
        }
        for after, text, outlet in rows
    ]
    file.write_text("\n".join(map(json.dumps, records)), "utf-8")
    config = Config(sources=SOURCES).model_copy(update=changes)
    return replay(read_records(file, SOURCES), judge(), config).alerts


@pytest.mark.parametrize(
    ("outlet", "url", "lang", "feed"),
    [
        ("RTS", "", "", "RTS"),
        ("rts.rs", "", "", "RTS"),
        ("РТС", "", "", "RTS"),
        ("koha ditore", "https://example.org/1", "sq", "Koha Ditore"),
        ("Koha.net", "https://example.org/1", "sq", "Koha Ditore"),
        ("МАКФАКС", "https://example.org/1", "mk", "Makfaks"),
        ("", "https://www.koha.net/lajme/1", "sq", "Koha Ditore"),
        ("", "https://sport.koha.net/1", "sq", "Koha Ditore"),
        ("N1", "https://n1info.rs/vesti/1", "sr", "N1 Belgrade"),
        ("N1", "https://n1info.ba/vijesti/1", "bs", "N1 Sarajevo"),
        ("DW", "", "en", "DW English"),
        ("", "https://www.dw.com/sq/a", "sq", "DW Albanian"),
        ("DW", "", "de", "DW Albanian"),
        ("Reuters", "https://news.google.com/1", "en", "Reuters by Google"),
        ("Zora", "https://news.google.com/1", "en", None),
        ("Zora", "https://koha.net.example/1", "en", None),
        ("", "https://www.zora.example/1", "en", None),
        ("", "", "", None),
    ],
)
def test_an_item_is_of_the_feed_that_would_have_brought_it(
    tmp_path: Path, outlet: str, url: str, lang: str, feed: str | None
) -> None:
    """By the host of its address or the outlet's name in any script; of several feeds, the one in its language."""
    file = tmp_path / "one.jsonl"
    row = {"title": "Patrol seen near Raška", "lang": lang, "published": NINE.isoformat(), "outlet": outlet, "url": url}
    file.write_text(json.dumps(row), "utf-8")
    (found,) = read_records(file, SOURCES)
    known = {source.name: source for source in SOURCES}.get(feed or "")
    if known is None:
        named = outlet or ("zora.example" if url else "")
        assert (found.source, found.outlet, found.camp, found.country) == ("backtest", named, "other", None)
    else:
        assert (found.source, found.outlet, found.camp) == (known.name, known.outlet, known.camp)
        assert (found.country, found.url) == (known.country, url)


def test_the_other_side_is_heard(tmp_path: Path) -> None:
    """What spreads from one camp to another is an update that says so."""
    rows = [(HOUR * n, f"{title('a')}, {outlet}", outlet) for n, outlet in enumerate(("RTS", "rts.rs", "Koha Ditore"))]
    found = sent(tmp_path, rows)
    assert [(s.kind, s.reason) for s in found if s.kind != "edit"] == [("new", Reason.FIRST), ("update", Reason.SPREAD)]


def test_an_edit_comes_when_it_is_due(tmp_path: Path) -> None:
    """A burst is one message and one edit a minute later, though nothing else is read until the next day."""
    rows = [(timedelta(seconds=n), f"{title('a')}, {n}", f"outlet {n}") for n in range(150)]
    found = sent(tmp_path, [*rows, (15 * HOUR, "Football: a draw", "Zora")])
    judged = NINE + 5 * MINUTE
    assert [(s.kind, s.at) for s in found] == [("new", judged), ("edit", judged + MINUTE)]
    assert found[1].outlets > found[0].outlets


def test_one_reader_is_told(tmp_path: Path) -> None:
    """Services are not told: each message is there once."""
    services = tuple(Service(name=name, url=f"json://127.0.0.1:1/{name}") for name in ("desk", "phone"))
    rows = [(0 * HOUR, title("a"), "RTS")]
    assert len(sent(tmp_path, rows, notify=services)) == len(sent(tmp_path, rows)) == 1


def test_rules_by_feed_hold(tmp_path: Path) -> None:
    """A rule of `alerts` that names feeds lets through what is theirs, and nothing else."""
    rows = [(HOUR * n, title(event), outlet) for n, (event, outlet) in enumerate([("a", "RTS"), ("b", "koha.net")])]
    alerts = Config().alerts.model_copy(update={"sources": ("Koha Ditore",)})
    assert [s.title for s in sent(tmp_path, rows, alerts=alerts)] == [title("b")]
