"""Commands around the judgement: score, evaluate, seeds check, train."""

import importlib.util
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from monitor.app import load_judge
from monitor.cli.context import Command, err, of, out, print_json, show
from monitor.domain import Judged
from monitor.errors import InputError
from monitor.pipeline import explain, judge_text
from monitor.seeds import check, read_seeds
from monitor.trail import score_lines
from monitor.trail.words import explanation_json, explanation_lines
from monitor.train import train

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
seeds = typer.Typer(help="The labelled examples that the classifier is trained on.", no_args_is_help=True)


def score(
    context: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A headline, or - to read it from standard input.")],
    summary: Annotated[str, typer.Option(help="The item's summary.")] = "",
    lang: Annotated[str | None, typer.Option(help="Its BCP 47 language. Default: detected.")] = None,
    words: Annotated[bool, typer.Option("--explain", help="Show which words moved the judgement.")] = False,
    json: Json = False,
) -> None:
    """Show the judgement on a text, and what led to it."""
    title, summary = _readable(sys.stdin.buffer.read() if text == "-" else text), _readable(summary)
    config = of(context).config()
    judge = load_judge(config)
    now = datetime.now(UTC)
    judged, decision = judge_text(judge, config, now, title, summary, lang)
    reason = f"{decision.reason}: {decision.detail}" if decision else "relevant"
    explanation = explain(judge.classifier, judged.article) if words else None
    if json:
        made = {"explanation": explanation_json(explanation)} if explanation else {}
        print_json(_judgement(judged, decision is None, reason) | made)
        return
    verdict = "[bold red]relevant[/]" if decision is None else "[bold]not relevant[/]"
    out.print(f"{verdict}  {judged.article.lang}")
    if decision:
        out.print(reason, markup=False)
    for line in score_lines(judged.score, judge.threshold):
        out.print(line, markup=False)
    if explanation:
        for told in explanation_lines(explanation):
            out.print(told)


def _readable(text: str | bytes) -> str:
    """What was given as text; raises InputError where it is not UTF-8."""
    try:
        return text.decode() if isinstance(text, bytes) else text.encode().decode()
    except UnicodeError:
        raise InputError("the text is not UTF-8") from None


def _judgement(judged: Judged, relevant: bool, reason: str) -> dict[str, Any]:
    found = judged.score
    return {
        "relevant": relevant,
        "relevance": round(found.relevance, 4),
        "model_relevance": round(found.model, 4),
        "types": list(found.types),
        "type_probabilities": {kind: round(value, 4) for kind, value in found.type_probabilities.items()},
        "severity": int(found.severity),
        "countries": list(found.countries),
        "language": judged.article.lang,
        "keywords": [
            {"list": hit.list, "match": hit.match, "found": hit.found, "field": hit.field, "weight": hit.weight}
            for hit in found.keywords
        ],
        "places": [{"country": hit.country, "name": hit.name, "found": hit.found} for hit in found.places],
        "reason": reason,
    }


@seeds.command("check")
def check_seeds(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="The folder of JSONL files.")] = Path("seeds"),
    json: Json = False,
) -> None:
    """Validate the labelled examples, find repetition, and report the balance."""
    report = check(read_seeds(folder))
    if json:
        rows = [
            {"what": row.what, "count": row.count, "least": row.least, "holds": row.holds} for row in report.balance
        ]
        print_json({"seeds": report.seeds, "faults": report.faults, "balance": rows, "passes": report.passes})
    else:
        table = Table("what", "count", "asked for", "", box=None, header_style="bold")
        for row in report.balance:
            most = "" if row.most == float("inf") else f" to {row.most:g}"
            mark = "[green]ok[/]" if row.holds else "[red]short[/]"
            table.add_row(row.what, f"{row.count:g}", f"{row.least:g}{most}", mark)
        show(table)
        for fault in report.faults:
            out.print(fault, markup=False)
        out.print(f"{report.seeds} seeds, {len(report.faults)} faults")
    if not report.passes:
        raise typer.Exit(1)


def train_model(
    folder: Annotated[Path, typer.Option("--seeds", metavar="DIR", help="The labelled examples.")] = Path("seeds"),
    target: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the model is written.")] = Path("model"),
    cache: Annotated[
        Path, typer.Option("--cache", metavar="DIR", help="Where the base model is kept after its download.")
    ] = Path(".base-model"),
) -> None:
    """Make the classifier from the base model and the seeds; needs the extra `train`."""
    if importlib.util.find_spec("torch") is None:
        raise InputError("training needs the extra `train`: pip install 'balkan-monitor[train]'")
    train(folder, target, cache, tell=lambda line: err.print(line, markup=False))
    err.print(f"wrote {target}; `classifier.model: {target}` in monitor.yaml uses it", markup=False)


COMMANDS: dict[str, Command] = {"score": score, "train": train_model}
