"""Delivery: 1,000 queued alerts to 50 chats through a Bot API server that fails at random, with three kill -9.

    python bench/delivery.py [ALERTS [CHATS]]

The server is the strict one of the tests, in this process: it answers one request in twenty with 429, one in twenty with
500, and drops one answer in twenty though it took the message. It counts Telegram's limits on its own clock. The
delivering process is killed and started again three times while it sends.
"""

import asyncio
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from common import ROOT, machine, say, show

sys.path.insert(0, str(ROOT / "tests"))

from bot_api import BotApi

KILLS = 3
FAULTS = ("429", "500", "drop")
SHARE = 0.05
DELIVER = """
import asyncio, sys
from datetime import timedelta
from monitor.deliver import Delivery
from monitor.store import Store
from monitor.telegram import Telegram
from monitor import logs
logs.configure(quiet=True)
async def main():
    async with Telegram("1:bench", sys.argv[2]) as sender:
        await Delivery(Store(sys.argv[1]), {"telegram": sender}).drain(timedelta(minutes=10))
asyncio.run(main())
"""


class Server(BotApi):
    """The strict server, with its faults, and a note of which texts' answers were dropped."""

    def __init__(self, seed: int) -> None:
        self.chance, self.lost, self.faults = random.Random(seed), Counter[tuple[str, str]](), Counter[str]()
        super().__init__(self._draw, time.monotonic)

    def _draw(self, chat: str, text: str, nth: int) -> str | None:
        fault = next((name for name in FAULTS if self.chance.random() < SHARE), None)
        if fault:
            self.faults[fault] += 1
        if fault == "drop":
            self.lost[chat, re.sub("<[^>]*>", "", text)] += 1
        return fault


def queue(url: str, alerts: int, chats: list[str]) -> None:
    """Fill an outbox: alerts with numbers, dealt to the chats in turn."""
    from monitor.domain import Text
    from monitor.store import Store

    store = Store(url)
    store.migrate()
    now = datetime.now(UTC)
    for n in range(alerts):
        store.enqueue([chats[n % len(chats)]], Text(f"<b>{n}</b>", str(n)), now)
    store.close()


async def deliver(url: str, api: Server, alerts: int) -> list[tuple[str, str]]:
    """Run the delivering process to its end, killed on the way; what it had under way then, as the server knows it."""
    taken: list[tuple[str, str]] = []
    for kill in range(KILLS + 1):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", DELIVER, url, api.url, cwd=ROOT, stdout=subprocess.DEVNULL
        )
        if kill == KILLS:
            await process.wait()
            return taken
        until = (kill + 1) * alerts // (KILLS + 1)
        while len(api.accepted) < until and process.returncode is None:
            await asyncio.sleep(0.002)
        process.kill()
        await process.wait()
        # An answer that nobody was there to take is lost like one that was dropped; the server may still be reading.
        read = -1
        while read != api.requests:
            read = api.requests
            await asyncio.sleep(0.5)
        taken += unrecorded(url, api)
        say(f"killed after {len(api.accepted)} messages")
    return taken


def unrecorded(url: str, api: Server) -> list[tuple[str, str]]:
    """The messages that the server took and the killed process did not record."""
    from monitor.store import Status, Store

    store = Store(url)
    waiting = {(a.chat, a.text.plain) for a in store.alerts(10**6, Status.PENDING)}
    store.close()
    return [pair for pair in {(m.chat, m.text) for m in api.accepted} if pair in waiting]


def main(alerts: int = 1000, chats: int = 50) -> int:
    about = machine()
    # Half of them are groups, which take 20 a minute.
    ids = [str(-1000 - n if n % 2 else 1000 + n) for n in range(chats)]
    with tempfile.TemporaryDirectory() as scratch:
        url = f"sqlite:///{Path(scratch) / 'state.db'}"
        queue(url, alerts, ids)
        api, began = Server(1), time.monotonic()

        async def run() -> list[tuple[str, str]]:
            async with api:
                return await deliver(url, api, alerts)

        taken = asyncio.run(run())
        seconds = time.monotonic() - began
    seen: Counter[tuple[str, str]] = Counter((m.chat, m.text) for m in api.accepted)
    wanted = {(ids[n % chats], str(n)) for n in range(alerts)}
    order = sum(first_seen(api.texts(chat)) != sorted(first_seen(api.texts(chat)), key=int) for chat in ids)
    twice = {pair: count - 1 for pair, count in seen.items() if count > 1}
    excused = sum(min(extra, api.lost[pair] + taken.count(pair)) for pair, extra in twice.items())
    extra = sum(twice.values())
    rows = [
        ("messages that arrived", f"{len(wanted & set(seen))} of {alerts}"),
        ("lost", len(wanted - set(seen))),
        ("chats out of order", order),
        ("sent twice because the answer was dropped or came to a killed process", excused),
        ("sent twice for any other reason", extra - excused),
        ("limits broken, as the server counts", len(api.broken_limits)),
        ("requests answered with 429 / 500 / not at all", " / ".join(str(api.faults[name]) for name in FAULTS)),
        ("kill -9 of the delivering process", KILLS),
        ("seconds", f"{seconds:.0f}"),
    ]
    notes = [f"{chats} chats, half of them groups; answers dropped: {api.dropped}, unrecorded at a kill: {len(taken)}."]
    show(about, (f"{alerts} alerts to {chats} chats", ""), rows, notes)
    return int(bool(wanted - set(seen) or order or extra - excused or api.broken_limits))


def first_seen(texts: list[str]) -> list[str]:
    """The texts, each where it came first."""
    return list(dict.fromkeys(texts))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
