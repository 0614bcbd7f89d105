"""The buttons under messages: what each says. Signs nothing."""

from collections.abc import Iterable, Sequence

from monitor.domain import Action, Button, Buttons, Opinion, Press
from monitor.render.wording import clip

LABEL = 40
"""The most UTF-16 units of a button."""
ROW = 3
"""The most buttons side by side, so that phones have room for a name on each."""
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


def miss_buttons(articles: Sequence[tuple[int, Iterable[tuple[str, Opinion]]]]) -> Buttons:
    """One button for each near miss, to say that it should have been told; each comes with who said what of it."""
    every = []
    for number, (id, said) in enumerate(articles, 1):
        names = [name for name, given in said if given is Opinion.MISSED]
        label = f"👆 {number} {_names(names)}" if names else f"👆 {number}"
        every.append(Button(label, Press(Action.MISSED, id, 0)))
    return tuple(tuple(every[start : start + ROW]) for start in range(0, len(every), ROW))


def _judged(label: str, names: Sequence[str]) -> str:
    """The label; once somebody judged so, the mark with the first one's name and how many others there are."""
    if not names:
        return label
    return f"{label.split(' ', maxsplit=1)[0]} {_names(names)}"


def _names(names: Sequence[str]) -> str:
    more = f" +{len(names) - 1}" if len(names) > 1 else ""
    return f"{clip(names[0], LABEL - 8) or '?'}{more}"
