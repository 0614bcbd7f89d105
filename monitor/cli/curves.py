"""A measurement as one picture: precision over recall, probabilities against what came true, F1 by language."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from monitor.chart import INK, QUIET, save, tidy
from monitor.evaluate.measures import Bools, Floats, average_precision, calibration_error, precision_recall, reliability

COLORS = {"all": "#7f93a8", "sure": "#b3541e"}
FAINT = "#e3e6ea"
ENOUGH = 12
"""Relevant items from which a language's F1 says something; with fewer its bar is pale."""
HEIGHTS = (0.2, 0.4, 0.6, 0.8)
Series = Mapping[str, tuple[Bools, Floats]]


def draw_curves(series: Series, languages: Mapping[str, Mapping[str, Any]], threshold: float, file: Path) -> None:
    """Write the picture of `all` and, where there are unsure items, `sure` ones. Raises InputError.

    `series` holds truth and certainty (n,) by name; `languages` the measures by language, of the last of them.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14.0, 4.8), dpi=150, layout="constrained", facecolor="white")
    curve, calibration, bars = figure.subplots(1, 3)
    for axes in (curve, calibration, bars):
        tidy(axes, 9)
    _curve(curve, series, threshold)
    _calibration(calibration, series)
    _bars(bars, languages, list(series)[-1])
    save(figure, file)


def _title(axes: Any, text: str, across: str, up: str) -> None:
    axes.set_title(text, loc="left", fontsize=12, fontweight="bold", color=INK)
    axes.set_xlabel(across, color=QUIET, fontsize=9.5)
    axes.set_ylabel(up, color=QUIET, fontsize=9.5)


def _curve(axes: Any, series: Series, threshold: float) -> None:
    import numpy as np

    _title(axes, "Precision and recall", "recall", "precision")
    for f1 in HEIGHTS:
        recall = np.geomspace(f1 / (2 - f1), 1, 100)
        axes.plot(recall, f1 * recall / (2 * recall - f1), color=FAINT, linewidth=1, zorder=1)
        axes.annotate(f"F1 {f1}", (1.0, f1 / (2 - f1)), ha="right", va="bottom", color="#b5bac0", fontsize=7.5)
    for name, (truth, score) in series.items():
        if not truth.any():
            continue
        recall, precision = precision_recall(truth, score)
        label = f"{name}: {len(truth)} items, average precision {average_precision(truth, score):.2f}"
        axes.step(recall, precision, where="pre", color=COLORS[name], linewidth=1.8, label=label, zorder=3)
        found = score >= threshold
        if found.any():
            here = (truth[found].sum() / truth.sum(), truth[found].mean())
            axes.plot(*here, "o", color=COLORS[name], markeredgecolor="white", markersize=9, zorder=4)
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.02)
    if axes.get_legend_handles_labels()[0]:
        axes.plot([], [], "o", color=QUIET, label=f"at the threshold, {threshold:.2f}")
        axes.legend(loc="lower left", fontsize=8.5, edgecolor="white", framealpha=1, labelcolor=INK)
    else:
        axes.text(0.5, 0.5, "no relevant items", transform=axes.transAxes, ha="center", color=QUIET)


def _calibration(axes: Any, series: Series) -> None:
    _title(axes, "What a probability means", "probability told", "share that was relevant")
    axes.plot([0, 1], [0, 1], color="#b5bac0", linewidth=1, linestyle="--", zorder=1)
    for name, (truth, score) in series.items():
        rows = reliability(truth, score)
        told, true = [row.told for row in rows], [row.true for row in rows]
        error = calibration_error(truth, score) or 0.0
        axes.plot(told, true, color=COLORS[name], linewidth=1.4, zorder=2, label=f"{name}: error {error:.3f}")
        sizes = [12 + 260 * (row.n / len(truth)) ** 0.5 for row in rows]
        axes.scatter(told, true, s=sizes, color=COLORS[name], edgecolor="white", zorder=3)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.legend(loc="upper left", fontsize=8.5, frameon=False, labelcolor=INK, title="larger: more items")
    axes.get_legend().get_title().set(fontsize=8, color=QUIET)


def _bars(axes: Any, languages: Mapping[str, Mapping[str, Any]], name: str) -> None:
    known = {language: row for language, row in languages.items() if row["positives"]}
    order: Sequence[str] = sorted(known, key=lambda language: (known[language]["f1"], known[language]["positives"]))
    _title(axes, f"F1 by language, {name} items", "", "")
    for place, language in enumerate(order):
        row = known[language]
        enough = row["positives"] >= ENOUGH
        axes.barh(place, row["f1"], color=COLORS[name], alpha=1.0 if enough else 0.35, height=0.7)
        told = f"{row['f1']:.2f}  ({row['positives']} of {row['n']})"
        axes.annotate(told, (row["f1"] + 0.015, place), va="center", fontsize=8, color=INK if enough else QUIET)
    axes.set_yticks(range(len(order)), order)
    axes.set_xlim(0, 1.3)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1.0])
    axes.set_xlabel(f"in brackets: relevant of all; pale: fewer than {ENOUGH} relevant", color=QUIET, fontsize=8.5)
