"""Fetches an address every few minutes, in the form of healthchecks.io, so that silence is noticed elsewhere."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import httpx
import structlog

from monitor.config import HeartbeatConfig

log = structlog.get_logger("monitor")
TIMEOUT = timedelta(seconds=10)
SLACK = timedelta(seconds=5)
"""A beat may come this much before its time: it is looked for only now and then."""


class Heartbeat:
    """Beats when it is asked to and the time has come. A failure is logged once, the address never: it is a secret."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock, self._failing = clock, False
        self._last: datetime | None = None
        logging.getLogger("httpx").setLevel(logging.WARNING)

    async def beat(self, config: HeartbeatConfig) -> None:
        """Fetch the address, unless that was done less than an interval ago."""
        now = self._clock()
        if config.url is None or (self._last and timedelta(0) <= now - self._last < config.interval - SLACK):
            return
        self._last = now
        url = config.url.get_secret_value()
        failure = await _fetch(url)
        if failure and not self._failing:
            log.warning("heartbeat not taken, tried again each time", host=urlsplit(url).hostname, error=failure)
        elif self._failing and not failure:
            log.info("heartbeat taken again", host=urlsplit(url).hostname)
        self._failing = bool(failure)


async def _fetch(url: str) -> str:
    """What went wrong; empty if nothing did."""
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT.total_seconds(), follow_redirects=True) as client:
            answer = await client.get(url)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return type(error).__name__
    return "" if answer.is_success else f"status {answer.status_code}"
