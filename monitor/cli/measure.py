"""The command `evaluate`: labelled items through the product's own judgement, and the measures printed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from monitor.app import load_judge
from monitor.cli.context import Command, err, of, out, print_json, show
from monitor.cli.curves import draw_curves
from monitor.domain import Article, Entry, Feed, Judged, Model, Score, Source
from monitor.evaluate import Record, evaluate, intervals, read_records, truths
from monitor.evaluate.baselines import Judgements, compared, keyword_rules, product
from monitor.evaluate.robustness import TESTS, Rate, robustness
from monitor.evaluate.stories import labelled, measure, read_tellings
from monitor.normalize import articles
from monitor.pipeline import Judge
from monitor.seeds import read_seeds
from monitor.train.bare import bare
from monitor.train.bare import baselines as on_the_base

Records = Sequence[Record]
Scores = Sequence[Score]
Countries = Sequence[str] | None
MEASURES = ("average_precision", "precision", "recall", "f1", "false_alarms_per_1000", "ece", "severity_mae")


def evaluate_file(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE.jsonl[.gz]", help="Labelled items, as seeds/README.md says.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also draw it, with precision over recall; .png, .svg or .pdf.")
    ] = None,
    stories: Annotated[
        bool, typer.Option("--stories", help="Measure the grouping instead: items with the `event` that they tell.")
    ] = False,
    robust: Annotated[
        bool, typer.Option("--robustness", help="Try headlines of our own set and turned otherwise; needs no FILE.")
    ] = False,
    baselines: Annotated[
        bool, typer.Option("--baselines", help="Also measure simpler judges; two of them need the extra `train`.")
    ] = False,
    seeds: Annotated[
        Path, typer.Option("--seeds", metavar="DIR", help="The labelled examples that a baseline learns from.")
    ] = Path("seeds"),
    cache: Annotated[
        Path, typer.Option("--cache", metavar="DIR", help="Where the base model is kept after its download.")
    ] = Path(".base-model"),
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure the judgement against labels."""
    if (file is None) != robust:
        raise typer.BadParameter("give a file of labelled items, or --robustness without one")
    if (stories or robust) and (plot or baselines):
        raise typer.BadParameter("--plot and --baselines go with labelled items, not with --stories or --robustness")
    config = of(context).config()
    if file is None:
        _robustness(load_judge(config).classifier, json)
        return
    if stories:
        _stories(load_judge(config), file, json)
        return
    records = read_records(file)
    judge = load_judge(config)
    scores = [judged.score for judged in judge_records(judge, records)]
    countries = config.alerts.countries
    measured = evaluate(records, scores, judge.threshold, countries)
    if plot:
        _draw(records, scores, countries, measured, plot)
    if baselines:
        judges = {"this classifier, with rules": product(scores, judge.threshold, countries)}
        judges["keyword rules"] = keyword_rules(scores, countries)
        measured["baselines"] = compared(records, judges | _on_the_base(records, seeds, cache))
    if json:
        print_json(measured)
    else:
        _tables(records, scores, countries, measured)


def _draw(records: Records, scores: Scores, countries: Countries, measured: dict[str, Any], file: Path) -> None:
    pairs = list(zip(records, scores, strict=True))
    sure = [(record, score) for record, score in pairs if not record.unsure]
    parts = {"all": pairs, "sure": sure} if 0 < len(sure) < len(pairs) else {"all": pairs}
    languages = (measured["sure"] if "sure" in parts else measured)["languages"]
    series = {name: truths(part, countries) for name, part in parts.items()}
    draw_curves(series, languages, measured["threshold"], file)


def _tables(records: Records, scores: Scores, countries: Countries, measured: dict[str, Any]) -> None:
    threshold = measured["threshold"]
    sure = [(record, score) for record, score in zip(records, scores, strict=True) if not record.unsure]
    bounds = intervals(records, scores, threshold, countries)
    sure_bounds = intervals([r for r, _ in sure], [s for _, s in sure], threshold, countries) if sure else {}
    _overall(measured, bounds, sure_bounds)
    for name in ("recall_by_severity", "languages", "types"):
        _part(name.replace("_", " "), measured[name], measured["sure"][name])
    if "baselines" in measured:
        rows = {name: {k: v for k, v in row.items() if k != "sure"} for name, row in measured["baselines"].items()}
        _part("judge", rows, {name: row["sure"] for name, row in measured["baselines"].items()})


def judge_records(judge: Judge, records: Sequence[Record]) -> list[Judged]:
    """The product's judgement on each labelled item, made into an article by the same way as an item of a feed."""
    now = datetime.now(UTC)
    found: list[Article] = []
    for record in records:
        feed = Feed((Entry(record.id, None, record.title, record.summary, now),))
        found += articles(Source("evaluate", "", record.lang), feed, now)
    return judge(found)


def _stories(judge: Judge, file: Path, json: bool) -> None:
    told = read_tellings(file)
    measured = measure(labelled(told, judge_records(judge, [telling.record for telling in told])))
    if json:
        print_json(measured)
        return
    table = Table("measure of the grouping", "", box=None, header_style="bold")
    rows = {"items": measured["n"], "events": measured["events"]}
    rows |= {f"b-cubed {name}": value for name, value in measured["b_cubed"].items()}
    rows["cross-lingual recall"] = measured["cross_lingual_recall"]
    for name, value in rows.items():
        table.add_row(name, _number(value))
    show(table)


def _robustness(model: Model, json: bool) -> None:
    rates = robustness(model)
    if json:
        print_json({rate.test: _rate(rate) for rate in rates})
        return
    table = Table("test", "passes where", "trials", "passed", box=None, header_style="bold")
    for rate in rates:
        table.add_row(rate.test, TESTS[rate.test], str(len(rate.outcomes)), f"{rate.share:.1%}")
    show(table)
    for rate in rates:
        for failed in rate.failures:
            told = f"{rate.test}: {failed.before:.2f} to {failed.after:.2f}: {failed.trial.title}"
            out.print(told, markup=False)


def _rate(rate: Rate) -> dict[str, Any]:
    failures = [
        {"title": failed.trial.title, "of": failed.trial.written, "before": failed.before, "after": failed.after}
        for failed in rate.failures
    ]
    return {"n": len(rate.outcomes), "passed": rate.share, "failures": failures}


def _on_the_base(records: Sequence[Record], seeds: Path, cache: Path) -> dict[str, Judgements]:
    """The baselines on the base model; none, and a word on standard error, without the extra that they need."""
    if any(find_spec(name) is None for name in ("torch", "sklearn")):
        err.print(
            "two baselines, cosine to prototypes and logistic regression on the bare base model, need the extra "
            "`train`: pip install 'balkan-monitor[train]'",
            markup=False,
        )
        return {}
    known = read_seeds(seeds)
    embed = bare(cache, lambda line: err.print(line, markup=False))
    return on_the_base(known, [(record.title, record.summary) for record in records], embed, cache)


def _overall(measured: dict[str, Any], bounds: dict[str, Any], sure_bounds: dict[str, Any]) -> None:
    table = Table("measure", "all", "", "sure", "", box=None, header_style="bold")
    sure = measured["sure"]
    table.add_row("items", str(measured["n"]), "", str(sure["n"]), "")
    table.add_row("relevant", str(measured["positives"]), "", str(sure["positives"]), "")
    table.add_row("threshold", _number(measured["threshold"]), "", _number(sure["threshold"]), "")
    for name in MEASURES:
        row = [_number(measured[name]), _range(bounds.get(name)), _number(sure[name]), _range(sure_bounds.get(name))]
        table.add_row(name.replace("_", " "), *row)
    show(table)


def _part(title: str, every: dict[str, dict[str, Any]], sure: dict[str, dict[str, Any]]) -> None:
    columns = list(dict.fromkeys(key for row in every.values() for key in row))
    table = Table(title, *columns, *(f"sure {key}" for key in columns), box=None, header_style="bold")
    for name, row in every.items():
        other = sure.get(name, {})
        table.add_row(name, *(_number(row.get(key)) for key in columns), *(_number(other.get(key)) for key in columns))
    out.print()
    show(table)


def _number(value: float | None) -> str:
    return "" if value is None else str(value) if isinstance(value, int) else f"{value:.3f}"


def _range(bounds: tuple[float, float] | None) -> str:
    return "" if bounds is None else f"{bounds[0]:.3f}-{bounds[1]:.3f}"


COMMANDS: dict[str, Command] = {"evaluate": evaluate_file}
