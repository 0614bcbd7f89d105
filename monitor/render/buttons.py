"""The buttons under messages: what each says. Signs nothing."""

from collections.abc import Iterable, Sequence

from monitor.domain import Action, Button, Buttons, Opinion, Press
from monitor.render.wording import clip

LABEL = 40
"""The most UTF-16 units of a button."""
ASKED = {Opinion.RELEVANT: "✅ Relevant", Opinion.NOT_RELEVANT: "❌ Not relevant"}
ACTIONS = {Opinion.RELEVANT: Action.RELEVANT, Opinion.NOT_RELEVANT: Action.NOT_RELEVANT}


def alert_buttons(article: int, story: int, said: Iterable[tuple[str, Opinion]], muted: bool) -> Buttons:
    """What people can do with an alert; `said` is who judged it, which the buttons show."""
    said = tuple(said)
    judging = tuple(
        Button(_judged(label, [name for name, given in said if given is opinion]), Press(action, article, story))
        for opinion, label, action in ((o, ASKED[o], ACTIONS[o]) for o in ASKED)
    )
    mute = ("🔔 Unmute story", Action.UNMUTE) if muted else ("🔇 Mute story", Action.MUTE)
    others = (mute, ("❓ Why", Action.WHY))
    return judging, tuple(Button(label, Press(action, article, story)) for label, action in others)


def miss_buttons(articles: Sequence[int]) -> Buttons:
    """One button for each near miss, to say that it should have been told."""
    every = [Button(f"👆 {number}", Press(Action.MISSED, id, 0)) for number, id in enumerate(articles, 1)]
    return tuple(tuple(every[start : start + 5]) for start in range(0, len(every), 5))


def _judged(label: str, names: Sequence[str]) -> str:
    """The label; once somebody judged so, the mark with the first one's name and how many others there are."""
    if not names:
        return label
    more = f" +{len(names) - 1}" if len(names) > 1 else ""
    return f"{label.split(' ', maxsplit=1)[0]} {clip(names[0], LABEL - 8) or '?'}{more}"
