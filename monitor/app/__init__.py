"""The daemon: wiring, scheduler ticks, signals, reload, shutdown. Each stage's work is done in the modules below."""

from monitor.app.daemon import Daemon, Summary
from monitor.app.wiring import database_url, load_judge, make_fetcher, make_senders, open_store

__all__ = ["Daemon", "Summary", "database_url", "load_judge", "make_fetcher", "make_senders", "open_store"]
