"""What the log tells of polls: what a feed brought, how its trouble began and ended. Many troubles are one line."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog

from monitor.domain import FeedState
from monitor.store import Counts, Poll

log = structlog.get_logger("monitor")
TOLD = frozenset({1, 2, 4, 8, 16, 32, 64, 128})
"""Failures in a row of which the log tells; `balkan-monitor feeds` always does."""
TOGETHER = 3
"""More failures than this at a time are told in one line."""
GATHERED = timedelta(seconds=10)
"""How long failures are gathered for that, where polls go on and on."""


class Journal:
    """Tells each thing once; failures wait until the polls of their time are over, to be told together."""

    def __init__(self) -> None:
        self._failed: dict[str, FeedState] = {}
        self._since: datetime | None = None

    def note(self, recorded: Iterable[tuple[Poll, Counts]], now: datetime, over: bool) -> None:
        """Tell what these polls brought; `over` is whether no other poll is under way."""
        for poll, count in recorded:
            state = poll.state
            if count.new or count.edited:
                log.info("feed read", feed=state.name, new=count.new, edited=count.edited)
            if poll.claimed.failure and not state.failure:
                log.info("feed recovered", feed=state.name, failures=poll.claimed.failures)
            if state.failure and state.failures in TOLD:
                self._failed[state.name] = state
                self._since = self._since or now
        if self._since and (over or now - self._since >= GATHERED):
            self.close()

    def close(self) -> None:
        """Tell what was gathered."""
        failed, self._failed, self._since = list(self._failed.values()), {}, None
        if len(failed) > TOGETHER:
            kinds = Counter(state.failure.value for state in failed if state.failure)
            which = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
            log.warning("feeds failed; `balkan-monitor feeds` shows each", feeds=len(failed), failures=which)
            return
        for state in failed:
            if state.failure:
                told = {"failure": state.failure.value, "detail": state.failure_detail, "failures": state.failures}
                log.warning("feed failed", feed=state.name, **told)
