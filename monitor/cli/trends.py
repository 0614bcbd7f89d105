"""Commands that look back over days: trend (the escalation index), misses (what was just below the line)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from monitor.app import load_judge, open_store
from monitor.chart import draw
from monitor.cli.context import Command, of, out, print_json, show
from monitor.config import Config, parse_duration
from monitor.errors import InputError
from monitor.misses import Miss
from monitor.pipeline import measured, near_misses
from monitor.render import called, name
from monitor.trend import BASELINE, ENOUGH, GAP, SUBJECTS, Level, Point, subject_of

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
BLOCKS = "▁▂▃▄▅▆▇█"
WIDTH = 60
"""Columns of a line of bars."""
RECENT = 14
"""Days that are told one by one."""


def trend(
    context: typer.Context,
    country: Annotated[str | None, typer.Option(help="A country (XK) or a pair (XK-RS). Default: all.")] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days, today included.")] = BASELINE,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="Also draw it; .png, .svg or .pdf.")] = None,
    json: Json = False,
) -> None:
    """Show the escalation index of each country and pair, day by day, against its own normal."""
    subjects = (subject_of(called(country)),) if country else SUBJECTS
    config = of(context).config()
    store = open_store(config)
    today = datetime.now(UTC).date()
    found = measured(store, [today - timedelta(days=back) for back in reversed(range(days))], subjects)
    store.close()
    if png:
        draw(found, png)
    if json:
        print_json(
            [{"subject": s, "name": name(s), "points": [_point(p) for p in points]} for s, points in found.items()]
        )
        return
    if all(point.value is None for points in found.values() for point in points):
        out.print(f"nothing to show yet: the index needs {GAP + ENOUGH} days of reading")
        return
    _overview(found)
    if country:
        out.print()
        _daily(next(iter(found.values()))[-RECENT:])


def misses(
    context: typer.Context,
    since: Annotated[str, typer.Option(help="How far to look back: 90m, 24h, 7d.")] = "24h",
    limit: Annotated[int, typer.Option(min=1, max=2000, help="How many, the newest first.")] = 50,
    json: Json = False,
) -> None:
    """Show what was just below the line: its score, why it was not told, and the setting that would have told it."""
    config = of(context).config()
    store = open_store(config)
    found = near_misses(store, config, _threshold(config), datetime.now(UTC) - _span(since))[:limit]
    store.close()
    if json:
        print_json([_miss(miss) for miss in found])
        return
    zone = config.display.zone
    table = Table("id", "when", "score", "sev", "reason", "would be told by", "article", box=None, header_style="bold")
    for miss in found:
        article, score = miss.refused.article, miss.refused.score
        when = miss.refused.at.astimezone(zone).strftime("%d.%m. %H:%M")
        row = (f"{score.relevance:.2f}", str(int(score.severity)), miss.refused.reason.value, miss.setting)
        table.add_row(str(article.id), when, *map(_plain, (*row, f"{article.title} ({article.outlet})")))
    if not found:
        out.print(f"nothing was just below the line in the last {since}")
        return
    show(table)


def _overview(found: Mapping[str, Sequence[Point]]) -> None:
    days = next(iter(found.values()))
    head = f"{days[0].day:%d.%m.} to {days[-1].day:%d.%m.%Y}"
    table = Table("", head, "level", "times normal", "highest in", box=None, header_style="bold")
    for subject, points in found.items():
        last = points[-1]
        colour = {Level.ELEVATED: "yellow", Level.HIGH: "dark_orange", Level.EXTREME: "red"}.get(last.level, "default")
        times = "" if last.times is None else f"{last.times:.1f}"
        record = f"{last.highest} days" if last.highest > 1 else ""
        level = "too little read" if last.value is None else last.level.name.lower()
        table.add_row(name(subject), sparkline([p.value for p in points]), f"[{colour}]{level}[/]", times, record)
    show(table)


def sparkline(values: Sequence[float | None], width: int = WIDTH) -> str:
    """The values as bars on a root scale, the highest of each column's days; a dot where nothing is known."""
    size = max(-(-len(values) // width), 1)
    columns = [_highest(values[start : start + size]) for start in range(0, len(values), size)]
    top = max((value for value in columns if value is not None), default=0.0)
    return "".join(_block(value, top) for value in columns)


def _highest(values: Sequence[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _block(value: float | None, top: float) -> str:
    if value is None:
        return "·"
    return BLOCKS[min(int((value / top) ** 0.5 * len(BLOCKS)), len(BLOCKS) - 1)] if top else BLOCKS[0]


def _daily(points: Sequence[Point]) -> None:
    table = Table("day", "points in 1,000", "", "normal", "deviations", "level", box=None, header_style="bold")
    top = max((point.value or 0.0 for point in points), default=0.0) or 1.0
    for point in points:
        if point.value is None or point.normal is None or point.deviation is None:
            table.add_row(f"{point.day:%a %d.%m.}", "", "too little read", "", "", "")
            continue
        bar = "█" * round((point.value / top) ** 0.5 * 30)
        row = (f"{point.value:.2f}", bar, f"{point.normal:.2f}", f"{point.deviation:+.1f}", point.level.name.lower())
        table.add_row(f"{point.day:%a %d.%m.}", *row)
    show(table)


def _span(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError:
        raise InputError(f"--since {text}: expected a duration such as 90m, 24h or 7d") from None


def _threshold(config: Config) -> float:
    """The classifier is opened only to be asked for its threshold, where none is set."""
    return load_judge(config).threshold if config.alerts.threshold is None else config.alerts.threshold


def _point(point: Point) -> dict[str, Any]:
    return {
        "day": point.day,
        "value": point.value,
        "normal": point.normal,
        "band": point.band,
        "levels": {level.name.lower(): value for level, value in point.marks.items()},
        "deviation": point.deviation,
        "times": point.times,
        "highest_in_days": point.highest,
        "baseline_days": point.history,
        "level": point.level.name.lower(),
        "stories": point.stories,
    }


def _miss(miss: Miss) -> dict[str, Any]:
    article, score = miss.refused.article, miss.refused.score
    return {
        "article": article.id,
        "at": miss.refused.at,
        "title": article.title,
        "url": article.url,
        "outlet": article.outlet,
        "language": article.lang,
        "relevance": round(score.relevance, 4),
        "severity": int(score.severity),
        "types": list(score.types),
        "countries": list(score.countries),
        "reason": miss.refused.reason.value,
        "detail": miss.refused.detail,
        "setting": miss.setting,
    }


def _plain(text: str) -> str:
    return text.replace("[", "\\[")


COMMANDS: dict[str, Command] = {"trend": trend, "misses": misses}
