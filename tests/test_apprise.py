"""Other ways out: what Apprise is given, what a service on loopback gets, and what its failures mean."""

import asyncio
import json
import logging
import traceback
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from samples import MINUTE, NOW

from monitor.apprise import Services
from monitor.deliver import Delivery
from monitor.domain import Kind, Message, Severity, Text
from monitor.errors import ConfigError, DeliveryError
from monitor.store import Status, Store

ALERT = Text(
    '🔴 <b>CRITICAL</b> · clash\n<a href="https://x.example/">Shots &amp; smoke</a>\nWhy: first',
    "🔴 CRITICAL · clash\nShots & smoke <now>\nWhy: first",
)


@dataclass
class Inbox:
    """A web server that answers each POST with the next status, and keeps what it got."""

    statuses: list[int] = field(default_factory=list)
    got: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    port: int = 0

    async def answer(self, reader: Any, writer: Any) -> None:
        """Answer one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(int(line.split(":")[1]) for line in head.lower().splitlines() if line.startswith("content-len"))
        body = json.loads(await reader.readexactly(length))
        self.got.append((head.split(" ")[1], body))
        status = self.statuses.pop(0) if self.statuses else 200
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}".encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def inbox() -> AsyncIterator[Inbox]:
    """A running one."""
    made = Inbox()
    async with await asyncio.start_server(made.answer, "127.0.0.1", 0) as server:
        made.port = server.sockets[0].getsockname()[1]
        yield made


def message(**changes: Any) -> Message:
    """A grave alert to the service 'desk'."""
    values: dict[str, Any] = {"id": 7, "chat": "notify:desk", "text": ALERT, "story": 3, "severity": Severity.CRITICAL}
    return Message(**values | changes)


async def test_ntfy_gets_plain_text(inbox: Inbox) -> None:
    """The first line is the title, the rest the text, with nothing taken for markup."""
    await Services({"desk": f"ntfy://127.0.0.1:{inbox.port}/alerts"}).send(message())
    ((_, body),) = inbox.got
    assert (body["topic"], body["title"]) == ("alerts", "🔴 CRITICAL · clash")
    assert body["message"] == "Shots & smoke <now>\nWhy: first"


async def test_a_web_address_gets_json_with_our_fields(inbox: Inbox) -> None:
    """What the message is, which story it tells, and both forms of its text; fields of the address's own stay."""
    await Services({"desk": f"json://127.0.0.1:{inbox.port}/hook?:team=night"}).send(message())
    ((path, body),) = inbox.got
    assert path.startswith("/hook")
    assert body | {"version": "", "attachments": ""} == {
        "id": 7,
        "kind": "new",
        "story": 3,
        "severity": "critical",
        "html": ALERT.html,
        "title": "🔴 CRITICAL · clash",
        "message": "Shots & smoke <now>\nWhy: first",
        "type": "failure",
        "team": "night",
        "version": "",
        "attachments": "",
    }


async def test_a_service_that_takes_html_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail has links, and its lines end where they should."""
    from apprise.plugins.email import NotifyEmail

    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(NotifyEmail, "send", lambda self, **words: sent.append(words) or True)
    await Services({"desk": "mailtos://u:p@mail.example?to=a@b.example"}).send(message())
    assert sent[0]["title"] == "🔴 CRITICAL · clash"
    assert sent[0]["body"].startswith('<a href="https://x.example/">Shots &amp; smoke</a><br>')


async def test_a_notice_of_one_line_has_a_title(inbox: Inbox) -> None:
    """The program's name, since the line is the text."""
    await Services({"desk": f"ntfy://127.0.0.1:{inbox.port}/a"}).send(message(text=Text("", "⚙️ full"), severity=None))
    assert (inbox.got[0][1]["title"], inbox.got[0][1]["message"]) == ("balkan-monitor", "⚙️ full")


async def test_edits_are_not_sent(inbox: Inbox) -> None:
    """What was sent cannot be changed, and nobody wants it twice."""
    await Services({"desk": f"json://127.0.0.1:{inbox.port}/"}).send(message(kind=Kind.EDIT))
    assert inbox.got == []


@pytest.mark.parametrize(
    ("status", "permanent", "wait"),
    [
        (400, True, None),
        (401, False, None),
        (404, False, None),
        (413, True, None),
        (429, False, MINUTE),
        (500, False, None),
    ],
)
async def test_a_failure_says_what_was_answered(
    inbox: Inbox, status: int, permanent: bool, wait: timedelta | None
) -> None:
    """For good only where the same message would be refused again."""
    inbox.statuses = [status]
    with pytest.raises(DeliveryError, match=f"answered {status}") as failed:
        await Services({"desk": f"json://127.0.0.1:{inbox.port}/"}).send(message())
    assert (failed.value.permanent, failed.value.retry_after) == (permanent, wait)


async def test_a_password_is_never_told(caplog: pytest.LogCaptureFixture) -> None:
    """Not in a log, not in an error or its traceback; a service that is not there is a passing failure."""
    caplog.set_level(logging.DEBUG)
    services = Services({"desk": "json://user:geheim@127.0.0.1:1/token-xyz"})
    with pytest.raises(DeliveryError, match="could not be reached") as failed:
        await services.send(message())
    told = caplog.text + "".join(traceback.format_exception(failed.value))
    assert not failed.value.permanent
    assert "geheim" not in told
    assert "token-xyz" not in told


@pytest.mark.parametrize("url", ["bogus://user:geheim@x", "json://", "slack://geheim"])
def test_an_address_that_is_not_understood_is_refused(url: str) -> None:
    """By its service's name, in one sentence, without what may be a password."""
    with pytest.raises(ConfigError, match=r"does not understand the [a-z]+:// address of 'desk'") as caught:
        Services({"desk": url})
    assert "geheim" not in str(caught.value)


async def test_a_service_has_the_outbox_behind_it(inbox: Inbox, tmp_path: Path) -> None:
    """What it did not take comes again, in order, and holds nobody else; Telegram's limits are not its own."""
    store = Store(f"sqlite:///{tmp_path}/m.db")
    store.migrate()
    ids = [store.enqueue(["notify:desk"], Text("", f"T\n{n}"), NOW)[0] for n in range(3)]
    inbox.statuses = [500, 200, 503]
    at = NOW

    async def sleep(seconds: float) -> None:
        nonlocal at
        for _ in range(20):
            await asyncio.sleep(0.002)
        at += timedelta(seconds=seconds)

    services = Services({"desk": f"json://127.0.0.1:{inbox.port}/"})
    work = Delivery(store, {"notify": services}, clock=lambda: at, sleep=sleep)
    assert (await work.drain(timedelta(hours=1))).sent == 3
    assert [body["message"] for _, body in inbox.got] == ["0", "0", "1", "1", "2"]
    assert [alert.status for alert in store.alerts() if alert.id in ids] == [Status.SENT] * 3
    store.close()
