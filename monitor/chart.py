"""The escalation index as a picture: bars a day, the usual band, and where each level is reached."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Literal

from monitor.errors import InputError
from monitor.render import name
from monitor.trend import Level, Point

INK, QUIET, BAND = "#222222", "#777777", "#dfe6ee"
COLORS = {Level.NORMAL: "#7f93a8", Level.ELEVATED: "#e0b01f", Level.HIGH: "#e07b1f", Level.EXTREME: "#c62828"}
STYLES: dict[Level, Literal[":", "--", "-."]] = {Level.ELEVATED: ":", Level.HIGH: "--", Level.EXTREME: "-."}
COLUMNS = 3


def draw(trends: Mapping[str, Sequence[Point]], file: Path | IO[bytes]) -> None:
    """Write the picture, in the format of the file's ending (PNG where it has none). Raises InputError.

    One subject fills it; several are small panels of one form, with the same days.
    """
    from matplotlib.figure import Figure

    # A pair that nobody tells of is an empty panel.
    trends = {s: points for s, points in trends.items() if len(trends) == 1 or "-" not in s or _told(points)}
    columns = min(COLUMNS, len(trends))
    rows = -(-len(trends) // columns)
    single = len(trends) == 1
    size = (10.0, 4.8) if single else (4.6 * columns, 2.4 * rows + 1.0)
    figure = Figure(figsize=size, dpi=150, layout="constrained", facecolor="white")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True).ravel()
    for axes, (subject, points) in zip(panels, trends.items(), strict=False):
        _panel(axes, subject, points, single)
    for axes in panels[max(len(trends) - columns, 0) : len(trends)]:
        axes.tick_params(labelbottom=True)
    for axes in panels[len(trends) :]:
        axes.set_axis_off()
    _legend(figure)
    if not single:
        figure.suptitle("Escalation index", fontsize=15, fontweight="bold", color=INK)
        figure.supylabel("points in 1,000 articles read (root scale)", fontsize=10, color=QUIET)
    save(figure, file)


def save(figure: Any, file: Path | IO[bytes]) -> None:
    """Write a figure in the format of the file's ending (PNG where it has none). Raises InputError."""
    try:
        figure.savefig(file, format=None if isinstance(file, Path) and file.suffix else "png")
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: cannot be written ({getattr(error, 'strerror', None) or error})") from None


def tidy(axes: Any, size: float) -> None:
    """Quiet labels of a size, and no frame beyond the two axes."""
    axes.tick_params(colors=QUIET, labelsize=size, length=3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#bbbbbb")


def _told(points: Sequence[Point]) -> bool:
    return any(point.value for point in points)


def _panel(axes: Any, subject: str, points: Sequence[Point], single: bool) -> None:
    from matplotlib import dates, ticker

    made: Any = dates

    # A picture is passed on without its caption, so that it says by itself what it shows and until when.
    title = f"{name(subject)} · escalation index" if single else name(subject)
    axes.set_title(title, loc="left", fontsize=15 if single else 10, fontweight="bold", color=INK)
    axes.set_yscale("function", functions=(_root, _square))
    axes.yaxis.set_major_locator(ticker.MaxNLocator(5, steps=[1, 2, 5, 10]))
    known = [point for point in points if point.value is not None]
    if known:
        _draw(axes, known, single)
    else:
        axes.text(0.5, 0.5, "not read for long enough", transform=axes.transAxes, ha="center", color=QUIET, fontsize=9)
        axes.set_yticks([])
    axes.set_xlim(made.date2num(points[0].day) - 0.6, made.date2num(points[-1].day) + 0.6)
    locator = made.AutoDateLocator(minticks=3, maxticks=8 if single else 5)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(made.ConciseDateFormatter(locator, show_offset=not single))
    tidy(axes, 9 if single else 7.5)
    if single:
        axes.set_ylabel("points in 1,000 articles read (root scale)", color=QUIET, fontsize=10)


def _draw(axes: Any, known: Sequence[Point], single: bool) -> None:
    days = [point.day for point in known]
    bands = [point.band or (0.0, 0.0) for point in known]
    axes.fill_between(days, [low for low, _ in bands], [high for _, high in bands], color=BAND, linewidth=0, zorder=1)
    axes.plot(days, [point.normal for point in known], color="#8fa3b8", linewidth=1, zorder=2)
    axes.bar(
        days, [point.value for point in known], color=[COLORS[point.level] for point in known], width=0.8, zorder=3
    )
    tallest = max(point.value or 0.0 for point in known)
    top = max(tallest, known[-1].marks[Level.ELEVATED]) * 1.15
    for level, style in STYLES.items():
        heights = [point.marks[level] for point in known]
        if min(heights) < top:
            axes.plot(days, heights, color=COLORS[level], linestyle=style, linewidth=1.1, zorder=4)
    axes.set_ylim(0, top)
    last = known[-1]
    if last.times is not None:
        times = f"{last.times:.1f}× normal" if last.times >= 0.05 else "quiet"
        told = times + (f", {last.level.name.lower()}" if last.level else "")
        told = f"{last.day.day} {last.day:%b %Y}: {told}" if single else told
        axes.set_title(
            told, loc="right", fontsize=11 if single else 8.5, color=COLORS[last.level] if last.level else QUIET
        )


def _legend(figure: Any) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    marks = [
        Line2D([], [], color=COLORS[v], linestyle=s, label=f"{v.name.lower()} from here") for v, s in STYLES.items()
    ]
    handles = [Patch(color=BAND, label="usual (90 days)"), Line2D([], [], color="#8fa3b8", label="its normal"), *marks]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, frameon=False, fontsize=8.5, labelcolor=QUIET)


def _root(values: Any) -> Any:
    import numpy as np

    return np.sqrt(np.clip(values, 0, None))


def _square(values: Any) -> Any:
    return values**2
