"""The program at one moment of the evening of `test_evening`, in a process of its own, at work until it is killed.

Arguments: the store's URL, the Bot API's, what time it is, and 'judging' for it to stay in the middle of judging.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from bot_api import BotApi  # noqa: E402
from living import Scripted, World  # noqa: E402
from test_evening import POLICY  # noqa: E402

from monitor.domain import Article, Judged  # noqa: E402
from monitor.store import Store  # noqa: E402


class Lingering(Scripted):
    """Says that it judges, and never ends."""

    def __call__(self, articles: Sequence[Article]) -> list[Judged]:
        """Wait to be killed."""
        print("judging", flush=True)
        while True:
            time.sleep(60)


async def main(store: str, api: str, now: str, moment: str) -> None:
    """Judge and deliver what can be, once."""
    judge = Lingering() if moment == "judging" else Scripted()
    world = World(Store(store), BotApi(), POLICY, datetime.fromisoformat(now), judge)
    world.start(api)
    await world.settle()


asyncio.run(main(*sys.argv[1:]))
