"""Commands that show what is stored: feeds, alerts, why, health."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.table import Table

from monitor.app import load_judge
from monitor.cli.context import Command, err, of, opened, out, print_json, show
from monitor.cli.setup import export_feeds, import_feeds
from monitor.config import Config, format_duration
from monitor.domain import FeedState
from monitor.errors import InputError, StoreError
from monitor.explain import Explanation
from monitor.pipeline import explain
from monitor.render import answers
from monitor.store import Alert, KnownFeed, Standing, Status, Trail
from monitor.trail import trail_json, trail_lines
from monitor.watch import DELIVERY

feeds = typer.Typer(help="How each feed is doing; import and export of OPML.", invoke_without_command=True)
feeds.command("import")(import_feeds)
feeds.command("export")(export_feeds)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ALIVE = timedelta(minutes=3)


@feeds.callback()
def list_feeds(context: typer.Context, json: Json = False) -> None:
    """Show every feed: when it was read, when it is next, and what is wrong with it. Trouble first."""
    if context.invoked_subcommand:
        return
    config = of(context).config()
    with opened(config) as store:
        known = {feed.state.name: feed for feed in store.feeds()}
    rows = sorted((_feed(config, source.name, known) for source in config.sources), key=_trouble_first)
    if json:
        print_json(rows)
        return
    table = Table("feed", "state", "last read", "next", "every", box=None, header_style="bold")
    for row in rows:
        color = {"ok": "green", "off": "dim", "not yet": "dim"}.get(row["state"], "red")
        detail = f": {row['detail']}" if row["detail"] else ""
        table.add_row(
            _plain(row["name"]),
            f"[{color}]{_plain(row['state'] + detail)}[/]",
            _ago(row["last_success"]),
            _in(row["next_check"]) if row["enabled"] else "",
            format_duration(timedelta(seconds=row["interval"])) if row["interval"] else "",
        )
    show(table)


def alerts(
    context: typer.Context,
    status: Annotated[Status | None, typer.Option(help="Only these.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, the newest first.")] = 20,
    retry: Annotated[bool, typer.Option("--retry", help="Try all dead letters again.")] = False,
    json: Json = False,
) -> None:
    """Show what was sent, what waits to be sent, and what could not be sent."""
    config = of(context).config()
    with opened(config) as store:
        retried = store.requeue(datetime.now(UTC)) if retry else 0
        found = store.alerts(limit, status)
    if retry:
        if json:
            print_json({"retried": retried})
        else:
            out.print(f"{retried} messages will be tried again")
        return
    if json:
        print_json([_alert(alert) for alert in found])
        return
    zone = config.display.zone
    table = Table("id", "when", "chat", "status", "reason", "alert", box=None, header_style="bold")
    for alert in found:
        first = next((line for line in alert.text.plain.splitlines() if line.strip()), "")
        state = {Status.SENT: "green", Status.DEAD: "red"}.get(alert.status, "yellow")
        note = f" ({alert.error})" if alert.error else ""
        table.add_row(
            f"m{alert.id}",
            alert.created.astimezone(zone).strftime("%d.%m. %H:%M"),
            _plain(alert.chat),
            f"[{state}]{alert.status.value}[/]{_plain(note)}",
            alert.reason.value if alert.reason else "",
            _plain(first),
        )
    if not found:
        out.print("nothing yet")
        return
    show(table)


def why(
    context: typer.Context,
    identity: Annotated[
        str, typer.Argument(metavar="ID", help="An article (12), a story (s12) or a message (m12, from `alerts`).")
    ],
    words: Annotated[bool, typer.Option("--explain", help="Show which words moved the judgement.")] = False,
    json: Json = False,
) -> None:
    """Tell the whole trail of an article, story or message: entry, judgement, decisions, messages."""
    config = of(context).config()
    with opened(config) as store:
        found = store.trail(identity)
    if found is None:
        raise InputError(f"nothing is stored under '{identity}'")
    explained = _explained(config, found) if words else {}
    if json:
        print_json(trail_json(found, explained))
        return
    for line in trail_lines(found, config.display.zone, explained):
        out.print(line, markup=False)


def _explained(config: Config, trail: Trail) -> dict[int | None, Explanation]:
    """What moved each judged article; a word on standard error where another model judged it then."""
    classifier = load_judge(config).classifier
    judged = [traced for traced in trail.articles if traced.judgement]
    others = {t.judgement.model for t in judged if t.judgement} - {classifier.version}
    if others:
        err.print(f"judged by model {', '.join(sorted(others))}, explained by model {classifier.version}", markup=False)
    return {traced.article.id: explain(classifier, traced.article) for traced in judged}


def health(context: typer.Context, json: Json = False) -> None:
    """Exit with 0 if a daemon on this database ticked within the last three minutes and delivers; for health checks.

    Shows how late delivery is, and how long the last messages took.
    """
    with opened(of(context).config()) as store:
        beat, standing = store.last_beat(), store.people.standing(datetime.now(UTC))
        trouble = store.troubles().get(DELIVERY, "")
    if beat is None or datetime.now(UTC) - beat > ALIVE:
        trouble = "no daemon is running" if beat is None else f"the daemon last ticked {_ago(beat)}"
    if json:
        print_json(_health(beat, standing, trouble))
    if trouble and json:
        raise typer.Exit(1)
    if trouble:
        raise StoreError(trouble)
    if json:
        return
    waits = f"{standing.pending} messages wait, the oldest for {standing.late.total_seconds():.0f} s"
    parked = f"; {answers.shut_out(standing.parked)}" if standing.parked else ""
    usual, most = standing.usual, standing.most
    took = "" if usual is None or most is None else f"; {answers.lag(usual, most)}"
    out.print(f"alive; {waits if standing.pending else 'no message waits'}{parked}{took}")


def _health(beat: datetime | None, standing: Standing, trouble: str) -> dict[str, Any]:
    return {
        "healthy": not trouble,
        "trouble": trouble or None,
        "last_tick": beat,
        "unjudged": standing.unjudged,
        "judging_behind_s": standing.behind.total_seconds(),
        "waiting": standing.pending,
        "oldest_waiting_s": standing.late.total_seconds(),
        "parked": standing.parked,
        "dead": standing.dead,
        "lag_median_s": None if standing.usual is None else standing.usual.total_seconds(),
        "lag_max_s": None if standing.most is None else standing.most.total_seconds(),
    }


def _feed(config: Config, name: str, known: dict[str, KnownFeed]) -> dict[str, Any]:
    source = next(source for source in config.sources if source.name == name)
    state = known[name].state if name in known else FeedState(name, source.url)
    word = (
        "off"
        if not source.enabled
        else state.failure.value
        if state.failure
        else "ok"
        if state.last_success
        else "not yet"
    )
    return {
        "name": name,
        "url": source.url,
        "fetched_from": state.url,
        "enabled": source.enabled,
        "state": word,
        "failure": state.failure.value if state.failure else None,
        "detail": state.failure_detail,
        "failures": state.failures,
        "last_checked": state.last_checked,
        "last_success": state.last_success,
        "last_new": state.last_new,
        "next_check": state.next_check,
        "interval": state.interval.total_seconds() if state.interval else None,
    }


def _trouble_first(row: dict[str, Any]) -> tuple[int, int, str]:
    order = 0 if row["failure"] and row["enabled"] else 1 if row["enabled"] else 2
    return order, -row["failures"], row["name"]


def _alert(alert: Alert) -> dict[str, Any]:
    return asdict(alert) | {"severity": int(alert.severity) if alert.severity is not None else None}


def _plain(text: str) -> str:
    """Text whose square brackets are not taken for markup."""
    return text.replace("[", "\\[")


def _ago(when: datetime | None) -> str:
    return "never" if when is None else f"{format_duration(_rounded(datetime.now(UTC) - when))} ago"


def _in(when: datetime | None) -> str:
    left = when - datetime.now(UTC) if when else timedelta()
    return "now" if left <= timedelta(seconds=1) else f"in {format_duration(_rounded(left))}"


def _rounded(span: timedelta) -> timedelta:
    size = next((s for s in (86400, 3600, 60) if span.total_seconds() >= 2 * s), 1)
    return timedelta(seconds=span.total_seconds() // size * size)


COMMANDS: dict[str, Command] = {"alerts": alerts, "why": why, "health": health}
