"""Commands that learn from what people said: tune (the settings), export-feedback (examples for the next training)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.app import load_judge
from monitor.applying import apply as carry_out
from monitor.cli.context import Command, err, of, opened, out, print_json
from monitor.config import Config, parse_duration
from monitor.errors import InputError
from monitor.lessons import examples, labelled, merged
from monitor.store import Store
from monitor.tune import History, Proposal, Settings, Told, Tuning, propose

LEAST = 0.05
"""Articles of less relevance are not looked at again: no setting that is proposed would have told them."""
LISTED = 10
"""The most alerts that are named of each kind; JSON names all."""
NOBODY = "Nobody has judged an alert yet. Press 'relevant' or 'not relevant' under a few alerts, then ask again."


def tune(
    context: typer.Context,
    apply: Annotated[bool, typer.Option("--apply", help="Make the proposed changes; each can be undone.")] = False,
    since: Annotated[str, typer.Option(help="How far back alerts are counted: 7d, 30d.")] = "90d",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Propose settings from what people said of alerts, each with the alerts that it would have changed."""
    config, now = of(context).config(), datetime.now(UTC)
    start = now - _span(since)
    with opened(config) as store:
        found = _tuned(store, config, start)
        made = carry_out(store, config, found.proposals, now) if apply else []
    if json:
        applied = [{"change": change.id, "key": change.key, "what": what} for change, what in made]
        print_json(_tuning(found, start) | {"applied": applied})
        return
    _show(found, config, since)
    for change, what in made:
        out.print(f"{what} `/undo {change.id}` in Telegram takes it back.", markup=False)
    if found.proposals and not apply:
        out.print("\n`balkan-monitor tune --apply` makes these changes; each can be undone.", markup=False)


def export_feedback(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="A file, or a folder of seeds (a file for each language).")
    ] = "-",
) -> None:
    """Write what people said of alerts as labelled examples, as seeds/README.md describes them: JSON lines."""
    config = of(context).config()
    with opened(config) as store:
        records, left = _examples(store, config)
    for sentence in left:
        err.print(f"left out: {sentence}", markup=False)
    if file == "-":
        typer.echo(merged([], records), nl=False)
        return
    _write(Path(file), records)
    err.print(f"{len(records)} examples written to {file}", markup=False)


def _tuned(store: Store, config: Config, since: datetime) -> Tuning:
    said = store.people.feedback()
    if not said:
        return Tuning(0)
    judge = load_judge(config)
    past = store.past({word.article for word in said}, since, LEAST)
    stories = store.stories(sorted({traced.article.story for traced in past if traced.article.story}))
    history = History(tuple(past), stories, tuple(said), since, judge.classifier.version)
    return propose(history, Settings(config, judge.threshold, store.people.thresholds()))


def _examples(store: Store, config: Config) -> tuple[list[dict[str, Any]], list[str]]:
    said = store.people.feedback()
    good, bad = labelled(said)
    past = {traced.article.id or 0: traced for traced in store.past(good + bad)}
    wanted = [past[number] for number in good if number in past]
    # At the threshold 0 everything has types and a severity, also what the classifier took for irrelevant.
    judge = replace(load_judge(config), threshold=0.0) if wanted else None
    anew = judge([traced.article for traced in wanted]) if judge else []
    scores = {}
    for traced, judged in zip(wanted, anew, strict=True):
        told = traced.judgement is not None and traced.judgement.score.types
        scores[traced.article.id or 0] = traced.judgement.score if told and traced.judgement else judged.score
    return examples(said, past, scores)


def _write(path: Path, records: Sequence[dict[str, Any]]) -> None:
    try:
        if not path.is_dir():
            path.write_text(merged([], records), "utf-8")
            return
        by_lang = sorted(records, key=lambda record: str(record["lang"]))
        for lang, of_lang in groupby(by_lang, key=lambda record: record["lang"]):
            target = path / f"{lang}.jsonl"
            before = target.read_text("utf-8").splitlines() if target.exists() else []
            target.write_text(merged(before, of_lang), "utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be written ({getattr(error, 'strerror', None) or error})") from None


def _span(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError:
        raise InputError(f"--since {text}: expected a duration such as 7d or 90d") from None


def _show(found: Tuning, config: Config, since: str) -> None:
    if not found.judged and not found.notes:
        out.print(NOBODY, markup=False)
        return
    out.print(f"{found.judged} judged articles, and the alerts of the last {since}", markup=False)
    for number, proposal in enumerate(found.proposals, 1):
        out.print(f"\n[bold]{number}.[/] {_plain(_sentence(proposal))}")
        for name, alerts in (("alerts lost", proposal.lost), ("alerts gained", proposal.gained)):
            out.print(f"   {name}: {len(alerts)}", markup=False)
            for alert in alerts[:LISTED]:
                out.print(f"     {_line(alert, config)}", markup=False)
            if len(alerts) > LISTED:
                out.print(f"     and {len(alerts) - LISTED} more (--json names all)", markup=False)
    if not found.proposals:
        out.print("nothing to propose", markup=False)
    for note in found.notes:
        out.print(f"- {note}", markup=False)


def _sentence(proposal: Proposal) -> str:
    what = {
        "source": f"disable the feed '{proposal.subject}'",
        "weight": f"boost rule '{proposal.subject}': weight {proposal.new:g} in place of {proposal.old or 0:g}",
        "word": f"new boost rule '{proposal.subject}' with the weight {proposal.new:g}",
        "threshold": f"chat {proposal.subject}: threshold {proposal.new:g}"
        + (f" in place of {proposal.old:g}" if proposal.old is not None else " in place of the configured one"),
    }[proposal.kind]
    before, after = proposal.mistakes
    judged = f"{proposal.relevant} judged relevant, {proposal.noise} not"
    return f"{what} ({judged}; mistakes {before}, then {after})"


def _line(alert: Told, config: Config) -> str:
    said = {True: "judged relevant", False: "judged not relevant", None: "not judged"}[alert.relevant]
    when = alert.at.astimezone(config.display.zone)
    return f"{when:%d.%m.%Y %H:%M}  {alert.title} ({alert.outlet}), chat {alert.chat}, {said}"


def _tuning(found: Tuning, since: datetime) -> dict[str, Any]:
    return {
        "judged": found.judged,
        "since": since,
        "proposals": [
            {
                "kind": proposal.kind,
                "subject": proposal.subject,
                "old": proposal.old,
                "new": proposal.new,
                "relevant": proposal.relevant,
                "not_relevant": proposal.noise,
                "mistakes": {"before": proposal.mistakes[0], "after": proposal.mistakes[1]},
                "gained": [_told(alert) for alert in proposal.gained],
                "lost": [_told(alert) for alert in proposal.lost],
            }
            for proposal in found.proposals
        ],
        "notes": found.notes,
    }


def _told(alert: Told) -> dict[str, Any]:
    return {
        "chat": alert.chat,
        "story": alert.story,
        "article": alert.article,
        "title": alert.title,
        "outlet": alert.outlet,
        "at": alert.at,
        "relevant": alert.relevant,
    }


def _plain(text: str) -> str:
    return text.replace("[", "\\[")


COMMANDS: dict[str, Command] = {"tune": tune, "export-feedback": export_feedback}
"""The commands by name."""
