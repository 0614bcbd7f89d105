"""An explanation told to a person: the text with the words marked that moved the judgement, and by how much."""

import textwrap
from collections.abc import Iterator
from typing import Any

from rich.text import Text

from monitor.explain import Effect, Explanation

WIDTH = 80
LEAST = 0.2
"""Changes below this are not shown: the 8-bit model's rounding alone moves a judgement by nearly 0.1."""
MOST = 10
BAR = 24
UP, DOWN = "↑", "↓"
STYLES = {UP: "bold red", DOWN: "bold blue"}


def explanation_lines(explanation: Explanation, indent: str = "") -> Iterator[Text]:
    """The words that spoke for danger (↑) and against it (↓), in the text and as a list, the strongest first."""
    shown = [effect for effect in explanation.ranked if abs(effect.change) >= LEAST][:MOST]
    if not shown:
        yield Text(f"{indent}no single word moves the classifier by itself")
        return
    yield Text(f"{indent}words that move the classifier, in log-odds (↑ to danger, ↓ away):")
    for field, text in (("title", explanation.title), ("summary", explanation.summary)):
        marked = _marked(text, [effect for effect in shown if effect.word.field == field])
        for line in textwrap.wrap(marked, WIDTH, initial_indent=indent + "  ", subsequent_indent=indent + "  "):
            yield _coloured(line)
    wide = max(len(effect.word.text) for effect in shown)
    unit = BAR / max(abs(effect.change) for effect in shown)
    for effect in shown:
        bar = "█" * max(round(abs(effect.change) * unit), 1)
        told = Text(f"{indent}  {_arrow(effect)} {effect.change:+.2f}  {effect.word.text:{wide}}  ")
        yield told.append(bar, STYLES[_arrow(effect)])
    if explanation.skipped:
        yield Text(f"{indent}  the last {explanation.skipped} words were not tried")


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """The explanation as plain values, the strongest words first."""
    return {
        "log_odds": round(explanation.log_odds, 4),
        "words": [
            {
                "word": effect.word.text,
                "field": effect.word.field,
                "start": effect.word.start,
                "end": effect.word.end,
                "change": round(effect.change, 4),
            }
            for effect in explanation.ranked
        ],
        "words_not_tried": explanation.skipped,
    }


def _arrow(effect: Effect) -> str:
    return UP if effect.change > 0 else DOWN


def _marked(text: str, effects: list[Effect]) -> str:
    for effect in sorted(effects, key=lambda effect: -effect.word.start):
        text = text[: effect.word.start] + _arrow(effect) + text[effect.word.start :]
    return text


def _coloured(line: str) -> Text:
    told = Text(line)
    for arrow, style in STYLES.items():
        told.highlight_regex(rf"{arrow}\w+", style)
    return told
