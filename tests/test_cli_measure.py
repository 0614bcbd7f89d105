"""The command `evaluate`, as a user types it: the picture, and what it measures besides labels."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from newsroom import FakeModel
from test_cli_days import run

from monitor.app import wiring
from monitor.cli import measure

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs a command line over a configuration whose model judges by marks in titles."""
    monkeypatch.setattr(wiring, "open_model", lambda *_: FakeModel())
    (tmp_path / "monitor.yaml").write_text("alerts: {countries: [XK, RS]}\n", "utf-8")
    for name in ("sources", "keywords"):
        (tmp_path / f"{name}.yaml").write_text("", "utf-8")
    return lambda *arguments: run(tmp_path, capsys, *map(str, arguments))


def line(relevant: bool, mark: str = "", **changes: object) -> dict[str, Any]:
    """A labelled item of Kosovo that the model finds relevant if it has a mark."""
    types = ["clash"] if relevant else []
    made = {"lang": "en", "title": f"Police in Zvečan, Kosovo {mark}", "summary": "", "relevant": relevant}
    return made | {"types": types, "severity": 2 * relevant} | changes


def labelled(folder: Path, *lines: dict[str, Any]) -> Path:
    """A file of these items."""
    path = folder / "items.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return path


MIXED = [line(True, "event-a"), line(True), line(False, "event-b", unsure=True), line(False), line(False, lang="sq")]


@pytest.mark.parametrize("lines", [MIXED, [line(False)] * 3, [line(True, "event-a", lang="[x]")]])
def test_the_picture_is_drawn(call: Call, tmp_path: Path, lines: list[dict[str, Any]]) -> None:
    """With and without unsure, relevant and irrelevant items; the JSON is printed all the same."""
    status, out, err = call("evaluate", labelled(tmp_path, *lines), "--plot", tmp_path / "p.png", "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["n"] == len(lines)
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["p.xyz", "nowhere/p.png"])
def test_a_picture_that_cannot_be_written_is_one_sentence(call: Call, tmp_path: Path, name: str) -> None:
    """An unknown ending or a missing folder is named."""
    status, out, err = call("evaluate", labelled(tmp_path, *MIXED), "--plot", tmp_path / name)
    assert (status, out) == (1, "")
    assert name in err
    assert err.count("\n") == 1


def test_the_grouping_is_measured(call: Call, tmp_path: Path) -> None:
    """`--stories` groups the items that name an event, in the order of their dates, and prints the four measures."""
    day = {"date": "2026-03-01"}
    told = [
        line(True, "event-a", event="a", **day),
        line(True, "event-a", event="a", lang="sq", **day),
        line(True, "event-b", event="b", **day),
        line(True, "event-b", event="c", date="2026-05-01"),
        line(False),
    ]
    path = labelled(tmp_path, *told)
    status, out, _ = call("evaluate", "--stories", path, "--json")
    assert status == 0
    perfect = {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert json.loads(out) == {"n": 4, "events": 3, "b_cubed": perfect, "cross_lingual_recall": 1.0}
    assert "b-cubed f1               1.000" in call("evaluate", path, "--stories")[1]


def test_items_without_events_cannot_be_grouped(call: Call, tmp_path: Path) -> None:
    """A file of plain labels is refused in one sentence."""
    status, out, err = call("evaluate", "--stories", labelled(tmp_path, *MIXED))
    assert (status, out) == (1, "")
    assert "no relevant items with an event" in err


def test_baselines_without_the_extra(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs no PyTorch is measured; one sentence says which others need the extra."""
    monkeypatch.setattr(measure, "find_spec", lambda name: None)
    path = labelled(tmp_path, *MIXED)
    status, out, err = call("evaluate", path, "--baselines", "--json")
    assert (status, err.count("\n")) == (0, 1)
    assert "cosine to prototypes and logistic regression" in err
    assert "[train]" in err
    found = json.loads(out)["baselines"]
    assert found["this classifier, with rules"]["average_precision"] == json.loads(out)["average_precision"]
    assert found["keyword rules"]["recall"] == 0.0
    assert "keyword rules" in call("evaluate", path, "--baselines")[1]


def test_robustness_is_shown(call: Call) -> None:
    """Pass rates with each failure, as a table and as JSON, without a file."""
    status, out, err = call("evaluate", "--robustness")
    assert (status, err) == (0, "")
    assert "other war" in out
    assert "as written: 0.02 to 0.02: Serbian army moves tanks" in out
    found = json.loads(call("evaluate", "--robustness", "--json")[1])
    assert found["sport"]["passed"] == 1.0
    assert found["as written"]["n"] - len(found["as written"]["failures"]) == 7


@pytest.mark.parametrize(
    "arguments",
    [(), ("x.jsonl", "--robustness"), ("--robustness", "--plot", "p.png"), ("x.jsonl", "--stories", "--baselines")],
)
def test_measures_that_do_not_go_together(call: Call, arguments: tuple[str, ...]) -> None:
    """Wrong usage ends with status 2 before any work."""
    status, out, err = call("evaluate", *arguments)
    assert (status, out) == (2, "")
    assert "--robustness" in err
