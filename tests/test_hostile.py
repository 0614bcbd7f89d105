"""The daemon over a web that means harm: it neither crashes nor hangs nor swells, and the good feeds are read on time."""

import asyncio
import gzip
import os
import sys
import time
import zlib
from asyncio.subprocess import PIPE
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from http_server import Reply, Request, Server, redirect
from newsroom import item, rss, sent, title, until

from monitor.store import Store

PROGRAM = Path(__file__).with_name("fast_daemon.py")
MB = 1_000_000
OLD = datetime.now(UTC) - timedelta(days=3)
BOMB = (
    b"<?xml version='1.0'?><!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'>%s]><rss><channel><item><title>&j;</title></item></channel></rss>"
    % (b"".join(b"<!ENTITY %c '%s'>" % (c + 1, b"&%c;" % c * 10) for c in range(97, 106)))
)
EXTERNAL = b"<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><rss><channel><item><title>&x;</title></item></channel></rss>"
PAGE = b"<!doctype html><html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>"
DEEP = (
    b"<rss><channel><item><title>x</title><description>" + b"<b>" * 200_000 + b"</description></item></channel></rss>"
)
ATTRIBUTES = (
    b"<rss><channel><item "
    + b" ".join(b"a%d='x'" % n for n in range(200_000))
    + b"><title>x</title></item></channel></rss>"
)


def many(count: int) -> bytes:
    """A feed of so many old entries."""
    return rss(*(item(f"Market report number {n}", f"many-{n}", OLD) for n in range(count)))


def broken(count: int) -> bytes:
    """The same, not well-formed anywhere."""
    return many(count).replace(b"</guid>", b"</gui>")


def large(size: int) -> bytes:
    """A feed of about so many bytes, with few entries."""
    return rss(*(item("x" * (size // 10), f"large-{n}", OLD) for n in range(10)))


def zipped(body: bytes, how: Callable[[bytes], bytes] = gzip.compress, name: str = "gzip") -> Reply:
    """The body, compressed."""
    return Reply(how(body), headers={"Content-Encoding": name})


def bad(good: Callable[[Request], Reply]) -> dict[str, tuple[Reply | Callable[[Request], Reply], str]]:
    """Every way of doing harm: what is answered, and the failure that it must be called; empty for none."""
    loop = {f"/loop{n}": (redirect(f"/loop{1 - n}"), "too many redirects") for n in range(2)}
    return loop | {
        "/entries": (Reply(many(10_000)), ""),
        "/broken": (Reply(broken(2_000)), ""),
        "/large": (Reply(large(50 * MB)), "too large"),
        "/near": (Reply(large(4 * MB)), ""),
        "/gzip": (zipped(b"\0" * 200 * MB), "too large"),
        "/gzip-feed": (zipped(rss() + b" " * 100 * MB), "too large"),
        "/gzip-twice": (zipped(gzip.compress(b"\0" * 100 * MB), name="gzip, gzip"), "too large"),
        "/deflate": (zipped(b"\0" * 100 * MB, zlib.compress, "deflate"), "too large"),
        "/not-gzip": (Reply(rss(), headers={"Content-Encoding": "gzip"}), "bad content encoding"),
        "/endless": (Reply(rss()[:-20], endless=b"<item><title>x</title></item>" * 1000), "too large"),
        "/drip": (Reply(b"", endless=b" ", drip=0.2), "timeout"),
        "/slow": (Reply(rss(), pause=600), "timeout"),
        "/headers": (Reply(raw=b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000), "unreachable"),
        "/nothing": (Reply(raw=b""), "unreachable"),
        "/noise": (Reply(raw=os.urandom(10_000)), "unreachable"),
        "/entities": (Reply(BOMB), ""),
        "/external": (Reply(EXTERNAL), ""),
        "/deep": (Reply(DEEP), ""),
        "/attributes": (Reply(ATTRIBUTES), ""),
        "/chain": (
            lambda r: redirect(r.path.partition("?")[0] + f"?{len(r.path)}" + "x" * len(r.path)),
            "too many redirects",
        ),
        "/metadata": (redirect("http://169.254.169.254/latest/meta-data/"), ""),
        "/file": (redirect("file:///etc/passwd"), "too many redirects"),
        "/wall": (Reply(PAGE), "not a feed"),
        "/wall403": (Reply(PAGE, status=403), "forbidden"),
        "/teapot": (Reply(PAGE, status=418), "http status"),
        "/json": (Reply(b'{"version": "https://jsonfeed.org/version/1"}'), "not a feed"),
        "/empty": (Reply(b""), "empty feed"),
        "/bare": (Reply(b"<rss version='2.0'><channel></channel></rss>"), "empty feed"),
        "/cut": (Reply(rss()[:100]), "bad xml"),
        "/binary": (Reply(os.urandom(MB)), "not a feed"),
        "/titles": (Reply(ODD), ""),
    }


ODD = rss(
    item("<script>alert(1)</script> event-script in Kosovo", "o1"),
    item("Police &amp;amp; army event-amp in Kosovo", "o2"),
    item("\u202eKosovo\u202c event-rtl \u200b\u2066in Kosovo", "o3"),
    item("Kosovo event-long " + "x" * 5_000, "o4"),
    item("Kosovo event-zalgo " + "e\u0301\u0302\u0303" * 500, "o5"),
    item("Kosovo event-emoji " + "👩‍👩‍👧‍👦" * 500, "o6"),
    item("]]> --> </item> Kosovo event-markup &#0; &#xFFFF;", "o7"),
    item("[red]Kosovo[/red] event-rich [/nothing]", "o8"),
)
GOOD = 20


def peak(process: int) -> int:
    """The most memory that a process has ever had resident, in bytes; 0 where the system does not say."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    return 1024 * int((status.partition("VmHWM:")[2].split() or ["0"])[0])


@pytest.mark.slow
async def test_a_hostile_web_harms_nothing(tmp_path: Path) -> None:
    """Forty ways of doing harm beside twenty good feeds.

    Every harm is named; each good feed's event is in the outbox within seconds of being published, all the time; the
    process stays below 600 MB, lives, and ends in order.
    """
    published: dict[str, float] = {}
    shown: dict[int, list[str]] = {n: [] for n in range(GOOD)}

    def good(request: Request) -> Reply:
        n = int(request.path.rpartition("-")[2])
        return Reply(rss(*(item(f"{title(event)}", event) for event in shown[n])))

    with Server() as server:
        harm = bad(good)
        server.routes |= {path: reply for path, (reply, _) in harm.items()}
        server.routes |= {f"/good-{n}": good for n in range(GOOD)}
        config = write(tmp_path, {path[1:]: server.url(path) for path in server.routes})
        daemon = await asyncio.create_subprocess_exec(
            sys.executable, str(PROGRAM), "--config", str(config), "run",
            stdout=PIPE, stderr=(tmp_path / "log").open("wb"), env=os.environ | {"FAST": "1"},
        )  # fmt: skip
        out = asyncio.create_task(daemon.stdout.read())  # type: ignore[union-attr]
        store, most, late = Store(f"sqlite:///{tmp_path}/m.db"), 0, {}
        await until((tmp_path / "m.db").exists, 60)
        await until(lambda: sum(p.startswith("/good") for p in server.paths()) >= GOOD, 60)
        for round in range(6):
            for n in range(GOOD):
                event = f"r{round}n{n}"
                shown[n].append(event)
                published[event] = time.monotonic()
            deadline = time.monotonic() + 60
            while len(late) < len(published) and time.monotonic() < deadline:
                most = max(most, peak(daemon.pid))
                for alert in await asyncio.to_thread(sent, store):
                    event = alert.text.plain.partition("event-")[2].split()[0]
                    if event in published and event not in late:
                        late[event] = time.monotonic() - published[event]
                await asyncio.sleep(0.1)
        assert daemon.returncode is None
        failed = lambda: {f.state.name: (f.state.failure, f.state.failure_detail) for f in store.feeds()}  # noqa: E731
        named = {path[1:]: name for path, (_, name) in harm.items() if name}
        await until(lambda: all(failed()[name][0] for name in named), 60)
        outcome = failed()
        titles = [alert.text.plain for alert in sent(store)]
        daemon.terminate()
        assert await asyncio.wait_for(daemon.wait(), 15) == 0
        await out
    print(f"good news late by at most {max(late.values()):.1f} s, RSS at most {most / MB:.0f} MB")
    assert {name: outcome[name][0] for name in named} == named
    assert outcome["metadata"][0] is not None
    assert len(late) == len(published), f"never told: {sorted(set(published) - set(late))}"
    assert not [name for name in outcome if name.startswith("good") and outcome[name][0]]
    for event in ("script", "amp", "rtl", "long", "zalgo", "emoji", "markup", "rich"):
        assert any(f"event-{event}" in text for text in titles), event
    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log
    assert "unexpected" not in log
    assert max(late.values()) < 30
    assert most < 600 * MB
    store.close()


def write(tmp_path: Path, feeds: dict[str, str]) -> Path:
    """A configuration for these feeds, with short patience."""
    made = tmp_path / "config"
    made.mkdir()
    (made / "monitor.yaml").write_text(
        f"storage:\n  url: sqlite:///{tmp_path}/m.db\n"
        "polling: {allow_private: true, host_delay: 0, per_host: 16, timeout: 5s}\n"
    )
    rows = "".join(f"- {{name: '{name}', url: '{url}', lang: en}}\n" for name, url in feeds.items())
    (made / "sources.yaml").write_text(f"sources:\n{rows}")
    (made / "keywords.yaml").write_text("")
    return made
