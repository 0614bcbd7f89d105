"""The buttons under messages as they are now, for those that a command or a press left behind."""

from collections.abc import Iterable, Sequence

from monitor.chat.values import Label, Room
from monitor.domain import Buttons, MuteKind
from monitor.render import alert_buttons, miss_buttons

LATEST = 10
"""How many messages of a story are shown anew: each counts as one that the chat gets."""


def labels(room: Room, chat: str, stories: Iterable[int]) -> tuple[Label, ...]:
    """The buttons under the stories' messages in the chat."""
    people, words = room.store.people, room.spoken(chat).words
    muted = {mute.what for mute in people.mutes(room.now, chat) if mute.kind is MuteKind.STORY}
    return tuple(
        Label(chat, number, alert_buttons(article, story, people.opinions(article, chat), str(story) in muted, words))
        for story in dict.fromkeys(stories)
        for number, article in people.shown(chat, story, LATEST)
    )


def marked(room: Room, chat: str, articles: Sequence[int]) -> Buttons:
    """The buttons under a list of near misses."""
    return miss_buttons([(article, room.store.people.opinions(article, chat)) for article in articles])
