"""The alert about a story, and the messages that the program sends about itself."""

from datetime import datetime, tzinfo
from html import escape

from monitor.domain import Decision, Judged, Reason, Score, Story, Text
from monitor.render.wording import (
    COUNTRIES,
    NAME,
    SEVERITIES,
    TITLE,
    TYPES,
    WHY,
    Line,
    clip,
    flag,
    italic,
    joined,
    link,
    moment,
    plain,
    sentence,
    tellers,
)

REASONS = {Reason.FIRST: "first report", Reason.ESCALATED: "it became graver", Reason.ALWAYS: "a rule always alerts"}


def render(story: Story, judged: Judged, decision: Decision, zone: tzinfo) -> Text:
    """The alert about a story that a chat is sent, told by the article that just joined it; times are in `zone`."""
    article, score = judged.article, judged.score
    title = clip(article.title, TITLE) or clip(article.url, TITLE) or "(no title)"
    when = moment(article.published, zone)
    lines = [
        _heading(story, score),
        _places(story.countries or score.countries),
        Line(f"<b>{escape(title)}</b>", title),
        plain(sentence(article.summary, title)),
        plain(tellers(story)),
        _who(story, article.outlet, article.url, when),
        italic(f"Why: {_why(score, decision)}"),
    ]
    return joined(line for line in lines if line)


def test_alert(now: datetime, zone: tzinfo) -> Text:
    """A message that proves that alerts arrive."""
    lines = [
        Line("⚪ <b>TEST</b> · no event", "⚪ TEST · no event"),
        Line("<b>This is what an alert will look like</b>", "This is what an alert will look like"),
        plain("Balkan Monitor reached this chat; nothing happened in the region."),
        plain(f"Balkan Monitor · {moment(now, zone)}"),
        italic("Why: a test was asked for"),
    ]
    return joined(lines)


def notice(text: str) -> Text:
    """A message from the program itself, such as that a configuration was refused."""
    told = clip(text, 3000)
    return joined([plain(f"⚙️ {told}")])


def _heading(story: Story, score: Score) -> Line:
    mark, word = SEVERITIES[max(story.severity, score.severity)].split(" ")
    types = ", ".join(TYPES[t] for t in story.types or score.types)
    rest = f" · {types}" if types else ""
    return Line(f"{mark} <b>{word}</b>{rest}", f"{mark} {word}{rest}")


def _places(countries: tuple[str, ...]) -> Line | None:
    return plain(" · ".join(f"{flag(code)} {COUNTRIES.get(code, code)}" for code in countries[:7]))


def _who(story: Story, outlet: str, url: str, when: str) -> Line:
    told, href = clip(outlet, NAME) or "source", link(url)
    others = [clip(name, NAME) for name in story.outlets if name != outlet]
    also = "".join(f", {name}" for name in others[:4] if name)
    more = f" and {len(others) - 4} more" if len(others) > 4 else ""
    anchor = f'<a href="{escape(href)}">{escape(told)}</a>' if href else escape(told)
    html = f"{anchor}{escape(also)}{more} · {escape(when)}"
    return Line(html, f"{told}{also}{more} · {when}" + (f"\n{href}" if href else ""))


def _why(score: Score, decision: Decision) -> str:
    """What led to the message, in words: the reason, the score, the rules and places that matched."""
    why = [REASONS.get(decision.reason, decision.reason.value)]
    if decision.reason is Reason.ESCALATED and decision.detail:
        why[0] += f" ({clip(decision.detail, WHY)})"
    boosted = abs(score.relevance - score.model) >= 0.005
    why.append(f"relevance {score.relevance:.2f}" + (f" (model {score.model:.2f})" if boosted else ""))
    for hit in score.keywords[:3]:
        why.append(f"{hit.list} “{clip(hit.match, NAME)}” found “{clip(hit.found, NAME)}”")
    names = list(dict.fromkeys(name for hit in score.places if (name := clip(hit.found, NAME))))
    if names:
        why.append("places: " + ", ".join(names[:4]))
    return "; ".join(why)
