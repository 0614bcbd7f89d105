"""The summary after quiet hours as people use it: its stories are named, judged, muted, asked about and listed."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bot_api import BotApi
from living import World, news
from pydantic import SecretStr
from samples import NOW

from monitor import buttons
from monitor.chat.desk import perform
from monitor.chat.pressing import press
from monitor.chat.values import Pushed, Room, Visitor
from monitor.commands import read
from monitor.config import AlertsConfig, Chat, Config, Quiet, TelegramConfig
from monitor.domain import Action, Button, MuteKind, Opinion, Part, Person, Place, Pressed, Written
from monitor.render import summary_buttons
from monitor.store import Store

ANA, HERE, KEY = Person(1, "Ana"), Place(1), buttons.key("1:x")
WHO = Visitor("1", HERE, ANA, admin=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    made = Store(f"sqlite:///{tmp_path}/m.db")
    yield made
    made.close()


async def night(world: World) -> int:
    """Three stories are held and told in one message; returns Telegram's number of it."""
    await world.tell(news(1, 0, severity=2), news(2, 1), news(3, 2, severity=2))
    await world.until(NOW + timedelta(hours=1), timedelta(minutes=10))
    assert [message.text.splitlines()[0] for message in world.chat] == ["🌙 3 stories while it was quiet"]
    return world.chat[0].id


def config(language: str = "en") -> Config:
    """Chat 1, where it is quiet until seven."""
    telegram = TelegramConfig(chats=(Chat(id=1, language=language),))
    quiet = Quiet(**{"from": "18:00", "to": "19:00", "timezone": "Europe/Belgrade"})
    telegram = telegram.model_copy(update={"token": SecretStr("1:x")})
    return Config(telegram=telegram, alerts=AlertsConfig(quiet=quiet))


def room(world: World) -> Room:
    """What answers are made from."""
    return Room(world.store, world.config, world.judge, lambda: None, world.at)  # type: ignore[arg-type]


def asked(world: World, text: str, replied: int, update: int = 1) -> list[str]:
    """The lines of the answer to a command that replies to a message."""
    command: Any = read(text, "bot")
    said = Written(update, HERE, ANA, text, reply_to=replied)
    return perform(room(world), WHO, said, command.command).text.plain.splitlines()


def pushed(world: World, label: str, under: int) -> Pushed:
    """What a press of the button that says so leads to."""
    data = world.chat[0].data(label)
    meant = buttons.read(data, KEY)
    assert meant is not None
    return press(room(world), WHO, meant, Pressed(9, HERE, ANA, data, "query", under), [])


async def test_each_story_of_a_summary_has_its_number_and_its_buttons(store: Store) -> None:
    """The gravest first, with the number that commands take; two buttons each go by the place in the message."""
    async with World(store, BotApi(), config()) as world:
        await night(world)
        heads = [line for line in world.lines(0) if " · s" in line]
        assert [(line.split()[0], line.split()[-1]) for line in heads] == [("1.", "s2"), ("2.", "s1"), ("3.", "s3")]
        assert world.chat[0].labels == ["✅ 1", "❌ 1", "✅ 2", "❌ 2", "✅ 3", "❌ 3"]
        assert [len(row) for row in world.chat[0].keyboard] == [4, 2]


async def test_a_story_of_a_summary_is_judged(store: Store) -> None:
    """The word is stored of the article that tells it there, and the summary keeps the buttons of its other stories."""
    async with World(store, BotApi(), config()) as world:
        number = await night(world)
        shown = pushed(world, "❌ 2", number)
        labels = [button.label for row in shown.buttons for button in row]
        assert labels == ["✅ 1", "❌ 1", "✅ 2", "❌ 2: Ana", "✅ 3", "❌ 3"]
        assert [(f.story, f.opinion) for f in store.people.feedback()] == [(1, Opinion.NOT_RELEVANT)]


async def test_the_stories_of_a_summary_are_the_latest(store: Store) -> None:
    """As of the moment when it was sent, in its order; that was the last alert."""
    async with World(store, BotApi(), config()) as world:
        number = await night(world)
        assert store.people.stories_of("1", number) == (2, 1, 3)
        assert [told.id for told, _ in store.people.latest("1", 5)] == [2, 1, 3]
        assert (store.people.latest("2", 5), store.people.stories_of("2", number)) == ([], ())
        assert store.people.standing(world.at).last == NOW + timedelta(minutes=20)


@pytest.mark.parametrize("command", ["/why", "/story", "/mute story"])
async def test_a_reply_to_a_summary_is_asked_which_story_it_means(store: Store, command: str) -> None:
    """Each with how to name it, and that is understood; nothing is muted meanwhile."""
    async with World(store, BotApi(), config()) as world:
        number = await night(world)
        lines = asked(world, command, number)
        assert lines[0] == "That message tells several stories. Which one?"
        assert lines[2::2] == [f"    {command} 2", f"    {command} 1", f"    {command} 3"]
        assert store.people.mutes(world.at) == []
        assert "several stories" not in asked(world, lines[4].strip(), number, 2)[0]
        muted = [mute.what for mute in store.people.mutes(world.at) if mute.kind is MuteKind.STORY]
        assert muted == (["1"] if command == "/mute story" else [])


@pytest.mark.parametrize(("stories", "rows"), [(1, [2]), (2, [4]), (3, [4, 2]), (12, [4] * 6), (13, [4] * 6)])
def test_a_summary_has_buttons_for_the_stories_that_it_shows(stories: int, rows: list[int]) -> None:
    """Two stories a row, and never more than the text tells."""
    made = summary_buttons([Part(n, 100 + n) for n in range(1, stories + 1)])
    assert [len(row) for row in made] == rows
    last: Button = made[-1][-1]
    shown = min(stories, 12)
    assert (last.press.article, last.press.story, last.press.action) == (100 + shown, shown, Action.NOT_RELEVANT)


def test_who_judged_fits_beside_the_number() -> None:
    """The first one's name, cut, and how many others there are."""
    said = tuple((name, Opinion.RELEVANT) for name in ("Aleksandra Konstantinović", "Ana", "Marko"))
    ((first, second),) = summary_buttons([Part(1, 2, said)])
    assert first.label.startswith("✅ 1: Ale")
    assert first.label.endswith("… +2")
    assert (len(first.label) <= 16, second.label) == (True, "❌ 1")
