"""The commands that look back over days, as a user types them: trend, misses, backtest."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from newsroom import FakeModel
from samples import SOURCE, article, outcome, poll, score, verdict
from test_periodic import crisis, read

from monitor.__main__ import main
from monitor.app import wiring
from monitor.cli.trends import sparkline
from monitor.domain import Decision, Reason
from monitor.store import Store

NOW = datetime.now(UTC)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with a database of its own, and a model that judges by marks in titles."""
    monkeypatch.setattr(wiring, "open_model", lambda *_: FakeModel())
    (tmp_path / "monitor.yaml").write_text(f"storage: {{url: 'sqlite:///{tmp_path}/m.db'}}\n", "utf-8")
    for name in ("sources", "keywords"):
        (tmp_path / f"{name}.yaml").write_text("", "utf-8")
    return tmp_path


def run(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """What a command line gives: the exit status, standard output and standard error."""
    monkey = pytest.MonkeyPatch()
    monkey.setattr("sys.argv", ["balkan-monitor", "--config", str(folder), *arguments])
    with monkey.context():
        try:
            main()
            status = 0
        except SystemExit as exit:
            status = int(exit.code or 0)
    monkey.undo()
    told = capsys.readouterr()
    return status, told.out, told.err


def history(folder: Path, days: int = 35) -> None:
    """Five weeks of quiet reading, and a crisis today."""
    store = Store(f"sqlite:///{folder}/m.db")
    store.migrate()
    store.sync_feeds([SOURCE], NOW)
    for back in range(days, -1, -1):
        read(store, NOW - back * timedelta(days=1), *(f"o{n}" for n in range(6)))
    crisis(store, NOW)
    store.close()


def test_a_trend_is_shown_drawn_and_given(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As a table with bars, as a picture, and as JSON; a pair may be named either way round."""
    history(folder)
    status, out, _ = run(folder, capsys, "trend", "--country", "rs-xk", "--days", "10", "--png", str(folder / "t.png"))
    assert status == 0
    assert "Kosovo–Serbia" in out
    assert "extreme" in out
    assert "█" in out
    assert (folder / "t.png").read_bytes().startswith(b"\x89PNG")
    _, out, _ = run(folder, capsys, "trend", "--days", "10", "--json")
    trends = {row["subject"]: row["points"] for row in json.loads(out)}
    assert len(trends) == 15
    assert [point["level"] for point in trends["XK-RS"]][-2:] == ["normal", "extreme"]
    assert trends["XK-RS"][-1]["highest_in_days"] == 35
    assert trends["BA"][-1]["value"] == 0


def test_a_trend_says_what_it_lacks(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither an empty database nor an unknown country is a surprise, and a file that cannot be written is one sentence."""
    assert "the index needs 28 days of reading" in run(folder, capsys, "trend")[1]
    assert run(folder, capsys, "trend", "--png", str(folder / "young.png"))[0] == 0
    status, _, err = run(folder, capsys, "trend", "--country", "GR")
    assert (status, "'GR' has no index; expected one of AL, BA" in err) == (1, True)
    status, _, err = run(folder, capsys, "trend", "--png", str(folder / "no" / "t.png"))
    assert (status, "cannot be written" in err) == (1, True)
    status, _, err = run(folder, capsys, "trend", "--png", str(folder / "t.xyz"))
    assert (status, "cannot be written" in err) == (1, True)


def test_misses_say_which_setting(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The article, its score, the reason, and the setting."""
    store = Store(f"sqlite:///{folder}/m.db")
    store.migrate()
    store.sync_feeds([SOURCE], NOW)
    poll(store, article(1, published=NOW, seen=NOW), at=NOW)
    no = Decision(False, Reason.IRRELEVANT, "0.31 is below the threshold 0.50")
    made = outcome(store.unjudged(1)[0], verdict("*", send=False, decision=no), reason=no.reason)
    weak = score(relevance=0.314)
    store.commit([type(made)(type(made.judged)(made.judged.article, weak, made.judged.embedding), *_rest(made))], NOW)
    store.close()
    _, out, _ = run(folder, capsys, "misses", "--since", "24h")
    assert "alerts.threshold 0.31" in out
    assert "Army units near Raška" in out
    _, out, _ = run(folder, capsys, "misses", "--json")
    (row,) = json.loads(out)
    assert (row["relevance"], row["reason"], row["setting"]) == (0.314, "irrelevant", "alerts.threshold 0.31")
    assert run(folder, capsys, "misses", "--since", "soon")[0] == 1


def _rest(made: Any) -> Sequence[Any]:
    return made.model, made.reason, made.story, made.verdicts


RECORDS = [
    ("2026-05-01T10:00:00Z", "Football: a draw", "Zora"),
    ("2026-05-01T10:02:00Z", "Shots fired near Leposavic in Kosovo, event-a grave-2", "Zora"),
    ("2026-05-01T10:03:00Z", "Shots fired near Leposavic in Kosovo, event-a grave-2, more", "Glas"),
    ("2026-05-03T08:00:00Z", "Shots fired near Leposavic in Kosovo, event-b grave-4", "Glas"),
]


def test_a_backtest_shows_what_would_have_been_sent(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By day as a table, and as JSON in the order of time."""
    file = folder / "news.jsonl"
    rows = [{"title": title, "summary": "", "lang": "en", "published": at, "outlet": outlet, "url": f"https://a.example/{n}"}
            for n, (at, title, outlet) in enumerate(RECORDS)]  # fmt: skip
    file.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    _, out, _ = run(folder, capsys, "backtest", str(file), "--json")
    found = json.loads(out)
    assert (found["articles"], found["days"]) == (4, 2)
    first, *_, last = found["alerts"]
    assert set(first) == {"at", "kind", "reason", "severity", "types", "countries", "title", "outlets", "story"}
    assert (first["kind"], first["severity"], first["countries"], first["title"]) == ("new", 2, ["XK"], RECORDS[1][1])
    assert (last["kind"], last["severity"], last["title"]) == ("new", 4, RECORDS[3][1])
    assert [alert["at"] for alert in found["alerts"]] == sorted(alert["at"] for alert in found["alerts"])
    _, out, _ = run(folder, capsys, "backtest", str(file))
    assert "Fri 01.05.2026" in out
    assert "Sun 03.05.2026" in out
    assert "4 articles, 2 days" in out


def test_a_backtest_says_whose_rules_it_leaves_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only where a chat or service has rules of its own."""
    (folder / "news.jsonl").write_text('{"title": "Football: a draw", "published": "2026-05-01T10:00:00Z"}', "utf-8")
    assert "of their own" not in run(folder, capsys, "backtest", str(folder / "news.jsonl"))[2]
    service = "notify: [{name: desk, url: 'json://127.0.0.1:1/desk', rules: [{severity: 3}]}]"
    (folder / "monitor.yaml").write_text(service, "utf-8")
    assert "of their own are left out" in run(folder, capsys, "backtest", str(folder / "news.jsonl"))[2]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("", "no item in it"), ("{}", "line 1: no item"), ('{"title": "x", "published": "soon"}', "line 1: no item")],
)
def test_what_cannot_be_replayed_is_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, complaint: str
) -> None:
    """With the file and the line."""
    (folder / "bad.jsonl").write_text(text, "utf-8")
    status, _, err = run(folder, capsys, "backtest", str(folder / "bad.jsonl"))
    assert (status, complaint in err) == (1, True)


@pytest.mark.parametrize(
    ("values", "bars"),
    [([], ""), ([None, 0.0], "·▁"), ([0.0, 0.0], "▁▁"), ([0.0, 1.0, 4.0], "▁▅█"), ([1.0] * 120, "█" * 60)],
)
def test_bars_are_on_a_root_scale(values: list[float | None], bars: str) -> None:
    """A quarter is half as high; more days than columns share one."""
    assert sparkline(values) == bars
