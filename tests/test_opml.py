"""Subscription lists: read from other programs, written for them, added to the user's own file."""

from pathlib import Path

import pytest

from monitor.config import add_sources, load, write_starter
from monitor.domain import Source
from monitor.errors import ConfigError, InputError
from monitor.opml import parse_opml, write_opml

NESTED = """<?xml version="1.0"?><opml version="1.0"><head/><body>
<outline text="Kosovo"><outline type="rss" text="Koha &amp; co" xmlUrl="https://koha.example/rss"/>
<outline text="Koha &amp; co" xmlUrl="https://koha2.example/rss"/></outline>
<outline xmlUrl="https://koha.example/rss" text="again"/><outline xmlUrl="https://nameless.example/f"/></body></opml>"""


def test_nested_lists_are_flattened_and_addresses_stand_once() -> None:
    """Names are kept, made unique, or taken from the address."""
    found = [(source.name, source.url) for source in parse_opml(NESTED)]
    assert found == [
        ("Koha & co", "https://koha.example/rss"),
        ("Koha & co (2)", "https://koha2.example/rss"),
        ("https://nameless.example/f", "https://nameless.example/f"),
    ]


@pytest.mark.parametrize("text", ["", "not xml", "<opml><body/></opml>", "<opml><body><outline xmlUrl='x'"])
def test_a_document_without_feeds_is_refused(text: str) -> None:
    """Nothing to import is said, not silently accepted."""
    with pytest.raises(InputError, match="no feed"):
        parse_opml(text)


def test_what_is_written_can_be_read_back() -> None:
    """Names and addresses survive, whatever characters they hold."""
    sources = [
        Source('Političke <vesti> & "co"', "https://a.example/?a=1&b=2", country="RS", lang="sr"),
        Source("World", "https://b.example/"),
    ]
    assert [(s.name, s.url) for s in parse_opml(write_opml(sources))] == [(s.name, s.url) for s in sources]


def test_importing_appends_and_keeps_comments(tmp_path: Path) -> None:
    """New addresses are added under free names; known ones are left; the user's comments stay."""
    write_starter(tmp_path)
    before = (tmp_path / "sources.yaml").read_text("utf-8")
    known = load(tmp_path, {}).sources[0]
    new = Source(known.name, "https://new.example/feed: odd")
    fine = Source(known.name, "https://new.example/feed")
    assert [source.name for source in add_sources(tmp_path, [known, fine])] == [f"{known.name} (2)"]
    after = (tmp_path / "sources.yaml").read_text("utf-8")
    assert after.startswith(before.rstrip("\n"))
    assert load(tmp_path, {}).sources[-1].url == "https://new.example/feed"
    with pytest.raises(ConfigError, match="nothing was imported"):
        add_sources(tmp_path, [new])
    assert (tmp_path / "sources.yaml").read_text("utf-8") == after


@pytest.mark.parametrize(
    "text",
    [
        "sources: []\n",
        "sources: []  # none yet\n# mine\n",
        "sources:\n",
        "sources: # none yet\n",
        "sources:",
        "sources: [{name: B, url: 'http://b.example'}]\n",
        "sources: [\n  {name: B, url: 'http://b.example'},\n  ]\n",
        "sources:\n- {name: B, url: 'http://b.example'}",
    ],
)
def test_importing_into_any_form_of_the_list_works(tmp_path: Path, text: str) -> None:
    """An empty list, none, and one in brackets take what is imported; comments stay."""
    (tmp_path / "sources.yaml").write_text(text, "utf-8")
    before = [source.name for source in load(tmp_path, {}).sources]
    add_sources(tmp_path, [Source("A: 1", "https://a.example/"), Source("C", "https://c.example/")])
    assert [source.name for source in load(tmp_path, {}).sources] == [*before, "A: 1", "C"]
    after = (tmp_path / "sources.yaml").read_text("utf-8")
    assert all(comment in after for comment in ("# none yet", "# mine") if comment in text)


def test_importing_into_an_empty_file_makes_the_list(tmp_path: Path) -> None:
    """An empty sources.yaml gets the key too."""
    (tmp_path / "sources.yaml").write_text("# mine\n", "utf-8")
    add_sources(tmp_path, [Source("A", "https://a.example/")])
    assert [source.name for source in load(tmp_path, {}).sources] == ["A"]
    assert add_sources(tmp_path, [Source("A", "https://a.example/")]) == []
