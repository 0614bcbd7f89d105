"""The buttons under messages: what each says. Signs nothing."""

from collections.abc import Iterable, Sequence

from monitor.domain import Action, Button, Buttons, Opinion, Part, Press
from monitor.render.language import Words
from monitor.render.update import MOST
from monitor.render.wording import clip

LABEL = 40
"""The most UTF-16 units of a button."""
BESIDE, SMALL = 2, 16
"""The stories of a summary whose buttons stand in one row, and the most UTF-16 units of each of the four."""
ROW = 3
"""The most buttons of near misses side by side, so that phones have room for a name on each."""
MARKS = {Opinion.RELEVANT: "✅", Opinion.NOT_RELEVANT: "❌"}
ACTIONS = {Opinion.RELEVANT: Action.RELEVANT, Opinion.NOT_RELEVANT: Action.NOT_RELEVANT}


def alert_buttons(article: int, story: int, said: Iterable[tuple[str, Opinion]], muted: bool, words: Words) -> Buttons:
    """What people can do with an alert; `said` is who judged it, which the buttons show."""
    said, asked = tuple(said), {Opinion.RELEVANT: words.relevant, Opinion.NOT_RELEVANT: words.not_relevant}
    by = {opinion: [name for name, given in said if given is opinion] for opinion in MARKS}
    judging = tuple(
        Button(
            f"{MARKS[opinion]} {_people(names, LABEL - 2) if names else asked[opinion]}",
            Press(ACTIONS[opinion], article, story),
        )
        for opinion, names in by.items()
    )
    mute = (f"🔔 {words.unmute_story}", Action.UNMUTE) if muted else (f"🔇 {words.mute_story}", Action.MUTE)
    others = (mute, (f"❓ {words.ask_why}", Action.WHY))
    return judging, tuple(Button(label, Press(action, article, story)) for label, action in others)


def miss_buttons(articles: Sequence[tuple[int, Iterable[tuple[str, Opinion]]]]) -> Buttons:
    """One button for each near miss, to say that it should have been told; each comes with who said what of it."""
    every = []
    for number, (id, said) in enumerate(articles, 1):
        names = [name for name, given in said if given is Opinion.MISSED]
        label = f"👆 {number} {_people(names, LABEL - 6)}" if names else f"👆 {number}"
        every.append(Button(label, Press(Action.MISSED, id, 0)))
    return tuple(tuple(every[start : start + ROW]) for start in range(0, len(every), ROW))


def summary_buttons(parts: Sequence[Part]) -> Buttons:
    """Two buttons for each story that a summary shows, by its place there: rightly told, or wrongly."""
    every = [
        Button(
            f"{MARKS[opinion]} {number}" + (f": {_people(names, SMALL - 6)}" if names else ""),
            Press(ACTIONS[opinion], part.article, part.story),
        )
        for number, part in enumerate(parts[:MOST], 1)
        for opinion in MARKS
        for names in ([name for name, given in part.opinions if given is opinion],)
    ]
    return tuple(tuple(every[start : start + 2 * BESIDE]) for start in range(0, len(every), 2 * BESIDE))


def _people(names: Sequence[str], limit: int) -> str:
    """The first one's name, and how many others there are."""
    more = f" +{len(names) - 1}" if len(names) > 1 else ""
    return f"{clip(names[0], limit - len(more)) or '?'}{more}"
