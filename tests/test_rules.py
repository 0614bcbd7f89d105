"""Rules added to and removed from keywords.yaml, with all else in the file as it was."""

import errno
import os
import tempfile
from pathlib import Path

import pytest
import yaml

from monitor.config import defaults, load, unwritable
from monitor.config.rules import add_rule, remove_rule, take_back
from monitor.errors import ConfigError, InputError, UnwritableError

HAND = """\
# My rules
boost:            # these count
  - barikad*      # the word of 2022
  # between
  - match: Zubin Potok*   # a place
    weight: 1.5
    fields: [title]

  # the end of boost
mute: [horoskop*, "a: b"]  # in a row
always: []
  # - ratno stanje
require:
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration folder with a file as people write it."""
    (tmp_path / "monitor.yaml").write_text("")
    (tmp_path / "sources.yaml").write_text("sources: [{name: KoSSev, url: 'https://k.example/rss'}]")
    (tmp_path / "keywords.yaml").write_text(HAND)
    return tmp_path


def text(folder: Path) -> str:
    """The file as it reads now."""
    return (folder / "keywords.yaml").read_text("utf-8")


def rules(folder: Path, name: str) -> list[tuple[str, float]]:
    """The rules of a list as the program understands them."""
    return [(rule.match, rule.weight) for rule in getattr(load(folder).keywords, name)]


@pytest.mark.parametrize("name", ["boost", "mute", "always", "require"])
@pytest.mark.parametrize(
    ("match", "weight"),
    [("ultimatum", None), ("Šešelj", 0.5), ("no", None), ("123", -1.0), ("a: b, c", 1.5), ("# x", None), ("[x]", None)],
)
def test_a_rule_is_added_and_all_else_stays(folder: Path, name: str, match: str, weight: float | None) -> None:
    """In every form that a list is written in; every line of before is still there, in its order."""
    before = rules(folder, name)
    weight = weight if name == "boost" else None
    edit = add_rule(folder, name, match, weight)
    assert rules(folder, name) == [*before, (match, 1.0 if weight is None else weight)]
    kept = iter(text(folder).splitlines())
    comments = [line.partition("#")[2] for line in HAND.splitlines() if "#" in line]
    assert all(any(comment in line for line in kept) for comment in comments)
    for other in {"boost", "mute", "always", "require"} - {name}:
        assert yaml.safe_load(text(folder))[other] == yaml.safe_load(HAND)[other]
    take_back(folder, edit)
    assert text(folder) == HAND


@pytest.mark.parametrize("match", ["barikad*", "Zubin Potok*", "zubin potok*", "horoskop*", "a: b"])
def test_a_rule_is_removed_and_put_back(folder: Path, match: str) -> None:
    """Only its own lines go; taken back, the file is what it was."""
    edit = remove_rule(folder, None, match)
    assert match.casefold() not in [m.casefold() for name in ("boost", "mute") for m, _ in rules(folder, name)]
    assert all(line in HAND for line in text(folder).splitlines() if "mute" not in line)
    assert "# between" in text(folder)
    take_back(folder, edit)
    assert text(folder) == HAND


@pytest.mark.parametrize("match", ["barikad*", "Zubin Potok*", "horoskop*", "a: b"])
def test_what_was_edited_by_hand_meanwhile_stays(folder: Path, match: str) -> None:
    """Then only the rule itself is taken back."""
    name = "boost" if match in {"barikad*", "Zubin Potok*"} else "mute"
    before = rules(folder, name)
    removed = remove_rule(folder, name, match)
    (folder / "keywords.yaml").write_text(text(folder) + "# by hand\n")
    take_back(folder, removed)
    assert sorted(rules(folder, name)) == sorted(before)
    added = add_rule(folder, name, "ultimatum")
    (folder / "keywords.yaml").write_text(text(folder) + "# again\n")
    take_back(folder, added)
    assert sorted(rules(folder, name)) == sorted(before)
    assert text(folder).endswith("# by hand\n# again\n")


def test_the_last_rule_of_a_list_can_go(folder: Path) -> None:
    """An empty list is one without rules."""
    for match in ("barikad*", "Zubin Potok*", "a: b", "horoskop*"):
        remove_rule(folder, None, match)
    assert (rules(folder, "boost"), rules(folder, "mute")) == ([], [])


@pytest.mark.parametrize("written", ["", "# nothing yet\n", "boost:\n  - a1", "boost:\n- a1\n"])
def test_every_file_takes_a_rule(folder: Path, written: str) -> None:
    """An empty one, one without the list, one without a last newline, one that is not indented."""
    (folder / "keywords.yaml").write_text(written)
    before = rules(folder, "boost")
    add_rule(folder, "boost", "ultimatum", 0.5)
    add_rule(folder, "mute", "horoskop*")
    assert rules(folder, "boost") == [*before, ("ultimatum", 0.5)]
    assert rules(folder, "mute") == [("horoskop*", 1.0)]


def test_a_missing_file_is_the_packaged_one(folder: Path) -> None:
    """Which is what was in force."""
    (folder / "keywords.yaml").unlink()
    before = rules(folder, "boost")
    assert before
    add_rule(folder, "boost", "ultimatum")
    assert rules(folder, "boost") == [*before, ("ultimatum", 1.0)]


def test_what_cannot_be_is_refused_and_changes_nothing(folder: Path) -> None:
    """A rule that is there already, one that is not, one that matches everything."""
    with pytest.raises(InputError, match="'barikad\\*' stands in boost already"):
        add_rule(folder, "boost", "barikad*", 2.0)
    with pytest.raises(InputError, match="No rule matches 'raid' in mute"):
        remove_rule(folder, "mute", "raid")
    with pytest.raises(
        ConfigError, match=r"nothing was changed: keywords\.yaml, line \d+.*match.*at least two letters"
    ):
        add_rule(folder, "boost", "x*")
    assert text(folder) == HAND


def test_the_packaged_files_are_not_changed() -> None:
    """They belong to the program."""
    with pytest.raises(ConfigError, match="the packaged configuration is not changed"):
        add_rule(defaults(), "boost", "ultimatum")


@pytest.mark.parametrize(
    ("number", "locked"),
    [(errno.EROFS, True), (errno.EACCES, True), (errno.EPERM, True), (errno.ENOSPC, False), (errno.EBUSY, False)],
)
def test_a_file_that_cannot_be_replaced_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: int, locked: bool
) -> None:
    """Nothing of the attempt is left, and the error tells what is read-only from what is full or held."""

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    before = sorted(folder.iterdir())
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(UnwritableError, match="cannot be written") as refused:
        add_rule(folder, "boost", "ultimatum")
    assert (refused.value.file, refused.value.locked) == ("keywords.yaml", locked)
    assert (sorted(folder.iterdir()), text(folder)) == (before, HAND)


@pytest.mark.parametrize("mode", [0o555, 0o755])
@pytest.mark.parametrize("there", [True, False])
def test_whether_a_file_could_be_changed_is_known_before(
    folder: Path, monkeypatch: pytest.MonkeyPatch, mode: int, there: bool
) -> None:
    """It is the folder that counts: a file is replaced, be it there or not, and whoever owns it."""

    def access(path: Path, wanted: int) -> bool:
        """As it is for its owner, who is not root."""
        return (path.stat().st_mode >> 6) & wanted == wanted

    monkeypatch.setattr(os, "access", access)
    (folder / "keywords.yaml").chmod(0o444)
    if not there:
        (folder / "keywords.yaml").unlink()
    folder.chmod(mode)
    assert unwritable(folder, "keywords.yaml") == (None if mode == 0o755 else f"{folder} is read-only for this user")
    folder.chmod(0o755)
    assert "`balkan-monitor init DIR`" in (unwritable(defaults(), "keywords.yaml") or "")


def test_a_read_only_mount_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also by one who may do everything."""
    fixed = os.statvfs_result((1, 1, 1, 1, 1, 1, 1, 1, os.ST_RDONLY, 255))
    monkeypatch.setattr(os, "statvfs", lambda _: fixed)
    monkeypatch.setattr(os, "access", lambda *_: True)
    assert "read-only" in (unwritable(Path(tempfile.gettempdir()), "keywords.yaml") or "")
