"""The checker of the labelled examples, and the examples themselves."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.errors import InputError
from monitor.seeds import Seed, check, parse_seed, read_seeds

SEEDS = Path(__file__).parent.parent / "seeds"
GOOD = {
    "id": "a1",
    "lang": "en",
    "title": "Shots fired at a patrol near Zvečan",
    "summary": "",
    "relevant": True,
    "types": ["clash"],
    "severity": 3,
    "places": ["XK"],
}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"lang": "sq"}, "lang is 'sq' in the file of 'en'"),
        ({"title": " "}, "title must be text"),
        ({"summary": None}, "title must be text"),
        ({"relevant": "yes"}, "relevant must be true or false"),
        ({"severity": 5}, "severity a number from 0 to 4"),
        ({"severity": True}, "severity a number from 0 to 4"),
        ({"severity": 0}, "belong to relevant items"),
        ({"types": []}, "belong to relevant items"),
        ({"types": ["war"]}, "types must be event types"),
        ({"places": ["GR"]}, "places codes of the region"),
        ({"places": []}, "a relevant item needs a place"),
        ({"relevant": False}, "belong to relevant items"),
        ({"colour": "red"}, "unknown key 'colour'"),
    ],
)
def test_a_bad_record_is_refused_with_its_reason(change: dict[str, object], complaint: str) -> None:
    """Each label that breaks the guide is named."""
    with pytest.raises(ValueError, match=complaint):
        parse_seed({**GOOD, **change}, "en")


def test_a_missing_key_and_a_bad_line_name_their_place(tmp_path: Path) -> None:
    """The file and the line are told."""
    (tmp_path / "en.jsonl").write_text(json.dumps(GOOD) + "\n{broken\n", "utf-8")
    with pytest.raises(InputError, match=r"en\.jsonl, line 2"):
        read_seeds(tmp_path)
    with pytest.raises(InputError, match=r"no \.jsonl files"):
        read_seeds(tmp_path / "none")
    with pytest.raises(ValueError, match="a key is missing"):
        parse_seed({"id": "a"}, "en")


def seed(identity: str, title: str, relevant: bool = True) -> Seed:
    """A seed of the usual kind."""
    base = parse_seed({**GOOD, "id": identity, "title": title}, "en")
    return base if relevant else replace(base, relevant=False, types=(), severity=0)


def test_repetition_is_found_and_minimal_pairs_are_not_repetition() -> None:
    """Near-duplicates with one label and template families are faults; near-duplicates with two labels are meant."""
    text = "Serbia withdraws its {} from the long disputed northern border area today say officials in Belgrade"
    same = [seed("1", text.format("brigade")), seed("2", text.format("brigade").upper())]
    assert any("nearly the same" in fault for fault in check(same).faults)
    pair = [seed("1", text.format("brigade")), seed("2", text.format("brigade") + " again", relevant=False)]
    assert not any("nearly the same" in fault for fault in check(pair).faults)
    tails = [f"{i} alpha{i} beta{i} gamma{i} delta{i} epsilon{i} zeta{i}" for i in range(6)]
    family = [seed(str(i), f"{tail} police close the bridge over the river Ibar") for i, tail in enumerate(tails)]
    assert any("stands in 6 items" in fault for fault in check(family).faults)
    assert not any("stands in" in fault for fault in check(family[:5]).faults)
    assert any("the id 1 stands 2 times" in fault for fault in check([same[0], same[0]]).faults)


def test_an_event_is_told_by_two_to_six_items() -> None:
    """A lone member is a fault, since it cannot teach grouping."""
    assert any("told by 1 items" in fault for fault in check([replace(seed("1", "A b c d"), event="x")]).faults)


def test_the_project_s_own_seeds_pass() -> None:
    """Every record is valid, nothing repeats, and the balance holds."""
    report = check(read_seeds(SEEDS))
    assert report.faults == ()
    assert [row for row in report.balance if not row.holds] == []
