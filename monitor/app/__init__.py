"""The daemon: wiring, scheduler ticks, signals, reload, shutdown. Each stage's work is done in the modules below."""

from monitor.app.daemon import Daemon, Summary
from monitor.app.wiring import database_url, followed, load_judge, make_fetcher, make_senders, open_store, services

__all__ = [
    "Daemon",
    "Summary",
    "database_url",
    "followed",
    "load_judge",
    "make_fetcher",
    "make_senders",
    "open_store",
    "services",
]
