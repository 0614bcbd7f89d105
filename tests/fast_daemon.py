"""The program's own command line with the fake model, for tests in a process of its own.

With FAST in the environment every feed is polled twice a second, and refused messages are tried again at once.
"""

import functools
import os
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from newsroom import FakeModel  # noqa: E402

from monitor import __main__, app, config  # noqa: E402
from monitor.app import daemon, wiring  # noqa: E402
from monitor.cli import context  # noqa: E402
from monitor.deliver import Backoff, Limits, Pace  # noqa: E402

HALF = timedelta(seconds=0.5)


def fast(folder: Path) -> config.Config:
    """The configuration with intervals that a user may not choose."""
    loaded = config.load(folder)
    sources = tuple(replace(source, interval=HALF) for source in loaded.sources)
    polling = loaded.polling.model_copy(update={"min_interval": HALF})
    return loaded.model_copy(update={"sources": sources, "polling": polling})


wiring.open_model = lambda *_: FakeModel()
if "FAST" in os.environ:
    context.load = fast
    daemon.load = fast
    daemon.TICK = timedelta(seconds=0.05)
    daemon.Pace = lambda: Pace(Limits(1000, 1000, 1000))
    daemon.Delivery = functools.partial(daemon.Delivery, backoff=Backoff(HALF / 20, HALF))
assert app
__main__.main()
