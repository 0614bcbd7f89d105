"""One value changed where it is written, in every form that people write, with all else as it was."""

from pathlib import Path

import pytest

from monitor.config import load, set_enabled, set_weight, turn_back
from monitor.config.load import defaults
from monitor.errors import ConfigError, InputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration folder without rules and feeds."""
    for name in ("monitor", "sources", "keywords"):
        (tmp_path / f"{name}.yaml").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("written", "turned"),
    [
        ("boost:\n  - foo* # c\n", "boost:\n  - {match: foo*, weight: -1.5} # c\n"),
        ("boost: [foo*, bar] # c\n", "boost: [{match: foo*, weight: -1.5}, bar] # c\n"),
        ("boost:\n  - 'foo*'", "boost:\n  - {match: 'foo*', weight: -1.5}"),
        ("boost:\n  - {match: foo*} # c\n", "boost:\n  - {match: foo*, weight: -1.5} # c\n"),
        ("boost:\n  - {match: foo*, weight: 2, languages: [sr]}\n", None),
        ("boost:\n  - match: foo*  # c\n", "boost:\n  - match: foo*  # c\n    weight: -1.5\n"),
        ("boost:\n  - match: foo*", "boost:\n  - match: foo*\n    weight: -1.5"),
        ("boost:\n- fields: [title]\n  match: foo*\nmute: [x]\n", None),
        ("boost:\n  - weight: 2 # two\n    match: foo*\n  # next\n  - bar\n", None),
    ],
)
def test_a_weight_is_changed_and_given_back(folder: Path, written: str, turned: str | None) -> None:
    """To the letter where nothing else changed since."""
    path = folder / "keywords.yaml"
    path.write_text(written)
    turn = set_weight(folder, "foo*", -1.5)
    (rule,) = (rule for rule in load(folder).keywords.boost if rule.match == "foo*")
    assert (rule.weight, turn.new) == (-1.5, -1.5)
    assert turned is None or path.read_text() == turned
    comments = [line.partition("#")[2] for line in written.splitlines() if "#" in line]
    assert all(comment in path.read_text() for comment in comments)
    turn_back(folder, turn)
    assert path.read_text() == written


@pytest.mark.parametrize(
    "written",
    [
        "sources:\n  - name: A  # a\n    url: https://a.example/\n",
        "sources:\n  - {name: A, url: 'https://a.example/'} # a\n",
        "sources:\n  - {name: A, url: 'https://a.example/', enabled: yes} # a\n",
        "sources:\n- url: https://a.example/\n  enabled: true # a\n  name: A\n",
    ],
)
def test_a_feed_is_disabled_and_enabled_again(folder: Path, written: str) -> None:
    """However it is written."""
    path = folder / "sources.yaml"
    path.write_text(written)
    turn = set_enabled(folder, "A", False)
    assert [source.enabled for source in load(folder).sources] == [False]
    assert "# a" in path.read_text() or "#" not in written
    path.write_text(path.read_text() + "# since\n")
    turn_back(folder, turn)
    assert [source.enabled for source in load(folder).sources] == [True]
    assert path.read_text().endswith("# since\n")


def test_what_cannot_be_changed_is_one_sentence(folder: Path) -> None:
    """A name that is not there or stands twice, a weight out of bounds, the packaged files."""
    path = folder / "keywords.yaml"
    path.write_text(written := "boost: [foo, {match: foo, languages: [sr]}, bar]\n")
    with pytest.raises(InputError, match="no element of boost with the match 'baz', expected one"):
        set_weight(folder, "baz", 1)
    with pytest.raises(InputError, match="2 elements of boost with the match 'foo', expected one"):
        set_weight(folder, "foo", 1)
    with pytest.raises(ConfigError, match=r"nothing was changed: keywords.yaml, line 1: .*at most 10"):
        set_weight(folder, "bar", 11)
    with pytest.raises(ConfigError, match="packaged configuration"):
        set_weight(defaults(), "ultimatum", 1)
    assert path.read_text() == written
