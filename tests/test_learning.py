"""The commands that learn from what people said, as a user types them, over a real database and real files."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from newsroom import FakeModel
from samples import article, score
from test_cli_days import NOW, folder, run

from monitor.applying import apply
from monitor.changes import revert
from monitor.chat.changing import undo
from monitor.chat.values import Room, Visitor
from monitor.commands import Undo
from monitor.config import load
from monitor.domain import Judged, Opinion, Person, Place, Reason, Score, Severity
from monitor.errors import InputError
from monitor.pipeline import Judge
from monitor.seeds import parse_seed, read_seeds
from monitor.store import Outcome, Poll, Store
from monitor.tune import Proposal

__all__ = ["folder"]
DAY = timedelta(days=1)
ANA, MARKO = Person(1, "Ana"), Person(2, "Marko")
YES, NO, MISSED = Opinion.RELEVANT, Opinion.NOT_RELEVANT, Opinion.MISSED
SOURCES = """\
sources:
  - name: Glas   # the one that we trust
    url: https://glas.example/rss
  - {name: Talas, url: "https://talas.example/rss"}  # gossip
"""
KEYWORDS = """\
boost:
  # ours
  - {match: barikad*, weight: 0.5}  # since 2022
"""


@pytest.fixture
def home(folder: Path) -> Path:
    """A configuration of two feeds, one rule and an admin chat, as people write it, and an empty database."""
    chats = "telegram: {admins: [1], chats: [{id: -100, admin: true}]}\n"
    (folder / "monitor.yaml").write_text(chats + (folder / "monitor.yaml").read_text("utf-8"), "utf-8")
    (folder / "sources.yaml").write_text(SOURCES, "utf-8")
    (folder / "keywords.yaml").write_text(KEYWORDS, "utf-8")
    store = opened(folder)
    store.migrate()
    store.sync_feeds(load(folder).sources, NOW)
    store.close()
    return folder


def opened(home: Path) -> Store:
    """The database."""
    return Store(f"sqlite:///{home}/m.db")


def told(store: Store, n: int, relevance: float, source: str = "Glas", title: str = "", **parts: Any) -> int:
    """Store an article, judged at that relevance; returns its number."""
    at = NOW - (n % 3) * DAY - timedelta(minutes=5)
    made = article(n, keys=(f"k{n}",), source=source, title=title or f"Report {n}", published=at, seen=at)
    state = next(feed.state for feed in store.feeds() if feed.state.name == source)
    store.record_polls([Poll(state, state, (made,))], at)
    (stored,) = store.unjudged(1)
    known: Score = score(relevance=relevance, model=relevance, keywords=(), **parts)
    judged = Judged(stored, known, np.zeros(384, np.float32))
    store.commit([Outcome(judged, FakeModel.version, Reason.FIRST)], at)
    assert stored.id is not None
    return stored.id


def said(store: Store, number: int, opinion: Opinion, by: Person = ANA, chat: str = "-100") -> None:
    """Somebody's word on an article."""
    assert store.people.give(number, chat, by, opinion, 0.5, NOW)


def spoiled(home: Path) -> None:
    """A history in which Talas brings noise, `barikad*` weighs too much, and the threshold is too low."""
    store = opened(home)
    for n in range(1, 6):
        said(store, told(store, n, 0.7, "Talas", f"Gossip {n}"), NO)
    for n in range(10, 15):
        said(store, told(store, n, 0.45, title=f"Barikade od knjiga {n}"), NO)
    for n in range(20, 24):
        said(store, told(store, n, 0.55), NO)
    for n in range(30, 40):
        said(store, told(store, n, 0.9, title=f"Shots {n}"), YES)
    told(store, 50, 0.56, title="Nobody said anything of [this]")
    store.close()


def test_without_feedback_there_is_one_friendly_sentence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And for programs an empty list; an export is empty."""
    status, out, err = run(home, capsys, "tune", "--apply")
    assert (status, err) == (0, "")
    assert out.startswith("Nobody has judged an alert yet.")
    assert len(out.splitlines()) == 1
    assert json.loads(run(home, capsys, "tune", "--json")[1])["proposals"] == []
    assert run(home, capsys, "export-feedback")[:2] == (0, "")
    assert run(home, capsys, "tune", "--since", "soon")[0] == 1


def test_proposals_are_shown_with_the_alerts_that_they_change(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By title and date; nothing is changed."""
    spoiled(home)
    status, out, _ = run(home, capsys, "tune")
    assert status == 0
    assert "1. disable the feed 'Talas' (0 judged relevant, 5 not; mistakes 5, then 0)" in out
    assert "2. boost rule 'barikad*': weight 0.2 in place of 0.5" in out
    assert (
        "3. chat -100: threshold 0.73 in place of the configured one (10 judged relevant, 9 not; mistakes 4, then 0)"
        in out
    )
    assert "Nobody said anything of [this] (glas.example), chat -100, not judged" in out
    assert f"{NOW - timedelta(minutes=5) - DAY:%d.%m.%Y}" in out
    assert "tune --apply" in out
    assert (home / "sources.yaml").read_text("utf-8") == SOURCES
    found = json.loads(run(home, capsys, "tune", "--json")[1])
    assert (found["judged"], found["applied"]) == (24, [])
    assert [(p["kind"], p["subject"], p["old"]) for p in found["proposals"]] == [
        ("source", "Talas", True),
        ("weight", "barikad*", 0.5),
        ("threshold", "-100", None),
    ]
    assert [len(p["lost"]) for p in found["proposals"]] == [5, 5, 5]


def test_what_is_applied_is_written_logged_and_can_be_undone(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Comments stay; the admins are told; `/undo` gives each file back to the letter; there is nothing more to propose."""
    spoiled(home)
    status, out, err = run(home, capsys, "tune", "--apply")
    assert (status, err) == (0, "")
    assert "`/undo 1` in Telegram takes it back." in out
    lines = (home / "sources.yaml").read_text("utf-8").splitlines()
    assert lines[-1] == '  - {name: Talas, url: "https://talas.example/rss", enabled: false}  # gossip'
    assert "{match: barikad*, weight: 0.2}  # since 2022" in (home / "keywords.yaml").read_text("utf-8")
    store = opened(home)
    threshold = store.people.thresholds()["-100"]
    assert 0.56 < threshold <= 0.9
    assert [change.key for change in store.people.changes(9)] == ["threshold", "weight.barikad*", "source.Talas"]
    assert [alert.chat for alert in store.alerts()] == ["-100"] * 3
    assert "nothing to propose" in run(home, capsys, "tune")[1]
    room = Room(store, load(home), Judge(FakeModel(), None, None, 0.5), lambda: None, NOW)  # type: ignore[arg-type]
    admin = Visitor("-100", Place(-100, kind="group"), ANA, True)
    for request in (1, 2, 3):
        undo(room, admin, Undo(None), request)
    assert store.people.thresholds() == {}
    assert (home / "sources.yaml").read_text("utf-8") == SOURCES
    assert (home / "keywords.yaml").read_text("utf-8") == KEYWORDS
    store.close()


def test_a_change_is_undone_in_a_file_that_changed_since(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The one value goes back; what was written since stays; what is gone cannot."""
    spoiled(home)
    run(home, capsys, "tune", "--apply")
    store = opened(home)
    changes = {change.key: change for change in store.people.changes(9)}
    store.close()
    for name in ("sources", "keywords"):
        path = home / f"{name}.yaml"
        path.write_text(path.read_text("utf-8") + "# written since\n", "utf-8")
    revert(home, changes["source.Talas"])
    revert(home, changes["weight.barikad*"])
    found = load(home)
    assert [(s.name, s.enabled) for s in found.sources] == [("Glas", True), ("Talas", True)]
    assert [(rule.match, rule.weight) for rule in found.keywords.boost] == [("barikad*", 0.5)]
    assert "# written since" in (home / "keywords.yaml").read_text("utf-8")
    (home / "keywords.yaml").write_text("", "utf-8")
    with pytest.raises(InputError, match="no element of boost with the match"):
        revert(home, changes["weight.barikad*"])


def test_what_was_applied_before_a_failure_is_logged(home: Path) -> None:
    """The first change holds and can be undone, the second is one sentence."""
    store = opened(home)
    good = Proposal("weight", "barikad*", 0.5, 0.2, 0, 5, (5, 0))
    with pytest.raises(InputError, match="no element of sources with the name 'Nobody'"):
        apply(store, load(home), [good, replace(good, kind="source", subject="Nobody", new=False)], NOW)
    assert [change.key for change in store.people.changes(9)] == ["weight.barikad*"]
    store.close()


def test_a_new_word_is_written_and_taken_back(home: Path) -> None:
    """As a boost rule; admins whose group moved are told where it is now."""
    store = opened(home)
    store.chats.move("-100", "-1009")
    ((change, what),) = apply(store, load(home), [Proposal("word", "turnir", None, -1.0, 0, 9, (9, 0))], NOW)
    assert what == "Added to boost of keywords.yaml: 'turnir' with the weight -1."
    assert load(home).keywords.boost[-1].match == "turnir"
    assert [alert.chat for alert in store.alerts()] == ["-1009"]
    revert(home, change)
    assert (home / "keywords.yaml").read_text("utf-8") == KEYWORDS
    store.close()


def test_feedback_is_exported_as_valid_seeds(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The last word of each counts, who differ make it unsure, and what was missed has types and a severity, too."""
    store = opened(home)
    good, bad, missed, placeless, differ, event = (
        told(store, 1, 0.9),
        told(store, 2, 0.6, title="Football"),
        told(store, 3, 0.3, types=(), severity=Severity.NONE, title="Tanks at Raška in Serbia"),
        told(store, 4, 0.9, countries=("GR",)),
        told(store, 5, 0.6),
        told(store, 6, 0.3, types=(), severity=Severity.NONE, title="Shots near Zvečan in Kosovo, event-a grave-3"),
    )
    for number, opinion in ((good, YES), (bad, NO), (missed, MISSED), (placeless, YES), (differ, YES), (event, MISSED)):
        said(store, number, opinion)
    said(store, bad, YES, chat="-200")
    said(store, bad, NO, chat="-200")
    said(store, differ, NO, MARKO)
    store.close()
    status, out, err = run(home, capsys, "export-feedback")
    assert status == 0
    records = {record["id"]: record for record in map(json.loads, out.splitlines())}
    for record in records.values():
        parse_seed(record, record["lang"])
    assert "a relevant item needs a place" in err
    assert list(records) == [f"feedback-{n}" for n in (good, bad, missed, differ, event)]
    first = records[f"feedback-{good}"]
    assert (first["types"], first["severity"], first["places"]) == (["deployment"], 3, ["XK", "RS"])
    assert first["note"] == "relevant by the word of 1 person; types, severity and places as judged by fake"
    assert "unsure" not in first
    other = records[f"feedback-{bad}"]
    assert (other["relevant"], other["types"], other["severity"], other["places"]) == (False, [], 0, [])
    assert other["note"].startswith("hard: ")
    assert records[f"feedback-{event}"]["types"] == ["clash"]
    assert records[f"feedback-{event}"]["severity"] == 3
    assert records[f"feedback-{missed}"]["severity"] >= 1
    assert records[f"feedback-{differ}"]["unsure"] is True


def test_an_export_goes_into_a_folder_of_seeds(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Into the file of each language, in place of an earlier export; a file of one's own is written whole."""
    store = opened(home)
    number = told(store, 1, 0.9)
    said(store, number, YES)
    seeds = home / "seeds"
    seeds.mkdir()
    own = {"id": "a1", "lang": "en", "title": "Rain", "summary": "", "relevant": False, "types": [], "severity": 0}
    (seeds / "en.jsonl").write_text(json.dumps({**own, "places": []}), "utf-8")
    run(home, capsys, "export-feedback", str(seeds))
    assert [(seed.id, seed.relevant) for seed in read_seeds(seeds)] == [("a1", False), (f"feedback-{number}", True)]
    said(store, number, NO)
    store.close()
    run(home, capsys, "export-feedback", str(seeds))
    assert [(seed.id, seed.relevant) for seed in read_seeds(seeds)] == [("a1", False), (f"feedback-{number}", False)]
    assert run(home, capsys, "export-feedback", str(home / "f.jsonl"))[0] == 0
    assert len((home / "f.jsonl").read_text("utf-8").splitlines()) == 1
    status, _, err = run(home, capsys, "export-feedback", str(home / "no" / "f.jsonl"))
    assert (status, "cannot be written" in err) == (1, True)
