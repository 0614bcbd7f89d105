"""Answers in the chat while 5,000 articles are judged: milliseconds from an update to the answer.

    python bench/answers.py [ARTICLES]

`balkan-monitor run` starts on a database in which the articles wait, and talks to the tests' Bot API server in this
process. /status and a button are asked for in turn, as long as articles wait; 45 seconds at most. The exit status is 1
where 95 % of an answer's times do not lie within LIMIT.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from common import ROOT, configuration, daemon, machine, news, say, show

sys.path.insert(0, str(ROOT / "tests"))
SECONDS = 45
PAUSE = 0.3
LIMIT = 300
"""Milliseconds within which 95 % of the answers must come."""
CHAT, USER = -1, 1


def fill(folder: Path, count: int) -> None:
    """Store so many articles that wait to be judged, and one that was."""
    from monitor.config import load
    from monitor.domain import Entry, Feed, FeedState, Source
    from monitor.normalize import articles
    from monitor.store import Poll, Store

    config, now = load(folder), datetime.now(UTC)
    store = Store(str(config.storage.url))
    store.migrate()
    store.sync_feeds(config.sources, now)
    texts = news(count)
    entries = tuple(Entry(f"g{n}", f"https://news.example/{n}", f"{t} ({n})", s, now) for n, (t, s) in enumerate(texts))
    source = Source(config.sources[0].name, config.sources[0].url)
    claimed = next(feed.state for feed in store.feeds() if feed.state.name == source.name)
    assert isinstance(claimed, FeedState)
    store.record_polls([Poll(claimed, claimed, tuple(articles(source, Feed(entries), now)))], now)
    store.close()


async def measure(folder: Path) -> dict[str, list[float]]:
    """The milliseconds of each kind of question, while articles wait."""
    from bot_api import BotApi

    from monitor import buttons
    from monitor.config import load
    from monitor.domain import Action, Press
    from monitor.store import Store

    data = buttons.write(Press(Action.RELEVANT, 1, 1), buttons.key("1:bench"))
    took: dict[str, list[float]] = {"/status": [], "a button": []}
    async with BotApi() as api:
        telegram = f"chats: [{{id: {CHAT}}}], api_url: '{api.url}'"
        configuration(folder, ["http://127.0.0.1:9/feed.xml"], telegram)
        fill(folder, COUNT)
        store = Store(str(load(folder).storage.url))
        with daemon(folder, TELEGRAM_BOT_TOKEN="1:bench"):
            async with asyncio.timeout(180):
                while not api.asked:
                    await asyncio.sleep(0.1)
            end = time.monotonic() + SECONDS
            while time.monotonic() < end and await asyncio.to_thread(lambda: store.counts().unjudged):
                began = time.monotonic()
                written = api.write(CHAT, USER, "/status")
                await _come(partial(_replied, api, written))
                took["/status"].append(1000 * (time.monotonic() - began))
                began = time.monotonic()
                query = api.press(CHAT, USER, data, 1)
                await _come(partial(api.answered.__contains__, query))
                took["a button"].append(1000 * (time.monotonic() - began))
                await asyncio.sleep(PAUSE)
            say(f"{COUNT - store.counts().unjudged} of {COUNT} articles were judged meanwhile")
        store.close()
    return took


def _replied(api: Any, number: int) -> bool:
    return any(message.reply_to == number for message in api.accepted)


async def _come(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.002)


def main() -> int:
    about = machine()
    with tempfile.TemporaryDirectory() as scratch:
        took = asyncio.run(measure(Path(scratch) / "configuration"))
    rows, late = [], False
    for what, times in took.items():
        if not times:
            say(f"{what} was never asked for: no article waited")
            return 1
        ranked = sorted(times)
        middle, most = (ranked[int(len(ranked) * q)] for q in (0.5, 0.95))
        rows.append((what, len(ranked), f"{middle:.0f}", f"{most:.0f}", f"{ranked[-1]:.0f}"))
        late |= most > LIMIT
    show(about, ("asked", "times", "median ms", "95 % within", "worst"), rows)
    return int(late)


COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
if __name__ == "__main__":
    sys.exit(main())
