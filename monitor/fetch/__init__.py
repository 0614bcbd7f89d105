"""One conditional GET, bounded in time, size and reach; what a server does wrong is a value, not an exception.

Does not decide when to fetch, and does not look into the body.
"""

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import httpcore
import httpx

from monitor import __version__
from monitor.config.model import PollingConfig
from monitor.domain import Failure, FeedState, Fetched
from monitor.fetch.addresses import GuardedBackend, Resolve, Resolver
from monitor.fetch.answers import (
    BAD_TARGET,
    PERMANENT,
    REDIRECTS,
    RefusedError,
    explain,
    refusal,
    refusal_detail,
    retry_after,
    validator,
)
from monitor.fetch.decoding import Body
from monitor.fetch.transport import Transport
from monitor.fetch.turns import Turns

__all__ = ["USER_AGENT", "Fetcher"]

USER_AGENT = f"balkan-monitor/{__version__} (+https://github.com/balkan-monitor/balkan-monitor)"
ACCEPT = "application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, application/xml;q=0.8, */*;q=0.5"
ACCEPT_ENCODING = "gzip, deflate, br, zstd"
MAX_REDIRECTS = 5
KEEP_ALIVE_SECONDS = 30.0
NOT_MODIFIED = 304
# A kept connection that the server has just closed breaks in one of these ways before any answer.
STALE = (httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError)


@dataclass(frozen=True, slots=True)
class Answer:
    """One response: its body is read only where the status is a success."""

    url: httpx.URL
    status: int
    headers: Mapping[str, str]
    body: bytes


class Fetcher:
    """Fetches feeds over one pool of connections, politely. Use as an async context manager."""

    def __init__(self, config: PollingConfig, resolve: Resolve | None = None) -> None:
        """`resolve` replaces the system's name resolution: (host, port) -> addresses."""
        self._config = config
        self._seconds = config.timeout.total_seconds()
        self._turns = Turns(config.concurrency, config.per_host, config.host_delay.total_seconds())
        self._resolver = Resolver()
        backend = GuardedBackend(resolve or self._resolver, config.allow_private)
        # Not an httpx.AsyncClient: redirects, decoding and limits are done here, and cookies, environment and hooks,
        # which would cost more than the rest of a request, have no place in a monitor.
        tls = httpx.create_ssl_context(trust_env=False)
        self._transport = Transport(tls, backend, config.concurrency, KEEP_ALIVE_SECONDS)
        self._headers = {
            "user-agent": config.user_agent or USER_AGENT,
            "accept": ACCEPT,
            "accept-encoding": ACCEPT_ENCODING,
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.aclose()
        self._resolver.close()

    async def fetch(self, state: FeedState) -> Fetched:
        """Get a feed's document, unless it is as it was. Waiting for a host's turn does not count into the timeout."""
        try:
            return await self._follow(state)
        except Exception as error:  # whatever a server does is an outcome; see explain
            failure, detail = explain(error, self._seconds, self._config.max_bytes)
            return Fetched(url=state.url, failure=failure, detail=detail)

    async def _follow(self, state: FeedState) -> Fetched:
        url, left, permanent = httpx.URL(state.url), self._seconds, True
        seen: set[str] = set()
        clock = asyncio.get_running_loop().time
        while len(seen) <= MAX_REDIRECTS:
            _check_address(url, seen)
            async with self._turns.turn(f"{url.host}:{url.port or url.scheme}"):
                began = clock()
                async with asyncio.timeout(max(left, 0)):
                    answer = await self._get(url, state)
                left -= clock() - began
            if answer.status not in REDIRECTS or "location" not in answer.headers:
                moved = str(url) if permanent and len(seen) > 1 else None
                return _outcome(answer, state, moved)
            permanent = permanent and answer.status in PERMANENT
            url = _target(url, answer.headers["location"])
        raise RefusedError(Failure.REDIRECTS, f"more than {MAX_REDIRECTS} redirects")

    async def _get(self, url: httpx.URL, state: FeedState) -> Answer:
        """One request, and once more if a kept connection turned out to be closed."""
        try:
            return await self._ask(url, state)
        except STALE:
            return await self._ask(url, state)

    async def _ask(self, url: httpx.URL, state: FeedState) -> Answer:
        headers = self._headers | _conditions(state) | _credentials(url)
        response = await self._transport.handle_async_request(httpx.Request("GET", url, headers=headers))
        try:
            answered = dict(response.headers.items())
            body = b""
            if response.is_success or response.status_code == NOT_MODIFIED:
                body = await self._read(response, answered.get("content-encoding", ""))
            return Answer(url, response.status_code, answered, body)
        finally:
            await response.aclose()

    async def _read(self, response: httpx.Response, encoding: str) -> bytes:
        body = Body(encoding if response.is_success else "", self._config.max_bytes)
        async for chunk in response.aiter_raw():
            body.add(chunk)
        return body.finish()


def _target(url: httpx.URL, location: str) -> httpx.URL:
    try:
        return url.join(location)
    except (httpx.InvalidURL, ValueError) as error:
        raise RefusedError(Failure.REDIRECTS, BAD_TARGET) from error


def _check_address(url: httpx.URL, seen: set[str]) -> None:
    """Refuse what is not the web, and what was asked before in the same chain."""
    if url.scheme not in {"http", "https"} or not url.host:
        raise RefusedError(Failure.REDIRECTS if seen else Failure.UNREACHABLE, "the address is not http or https")
    if (text := str(url).partition("#")[0]) in seen:
        raise RefusedError(Failure.REDIRECTS, "the redirects go in a circle")
    seen.add(text)


def _conditions(state: FeedState) -> dict[str, str]:
    etag, modified = validator(state.etag), validator(state.last_modified)
    return ({"if-none-match": etag} if etag else {}) | ({"if-modified-since": modified} if modified else {})


def _credentials(url: httpx.URL) -> dict[str, str]:
    """A name and password that stand in the address, as browsers send them."""
    if not url.userinfo:
        return {}
    return {"authorization": "Basic " + b64encode(f"{url.username}:{url.password}".encode()).decode()}


def _outcome(answer: Answer, state: FeedState, moved_to: str | None) -> Fetched:
    headers, status = answer.headers, answer.status
    fetched = Fetched(
        url=str(answer.url),
        status=status,
        headers=headers,
        etag=validator(headers.get("etag")),
        last_modified=validator(headers.get("last-modified")),
        moved_to=moved_to,
    )
    if status == NOT_MODIFIED and _conditions(state):
        return replace(
            fetched,
            unchanged=True,
            etag=fetched.etag or state.etag,
            last_modified=fetched.last_modified or state.last_modified,
            body_hash=state.body_hash,
        )
    if not 200 <= status < 300:
        return replace(
            fetched,
            failure=refusal(status, headers),
            detail=refusal_detail(status, headers),
            moved_to=None,
            retry_after=retry_after(headers, datetime.now(UTC)),
        )
    if not answer.body:
        return replace(fetched, failure=Failure.EMPTY, detail="the answer has no content", moved_to=None)
    digest = hashlib.blake2b(answer.body, digest_size=16).hexdigest()
    if digest == state.body_hash:
        return replace(fetched, unchanged=True, body_hash=digest)
    return replace(fetched, body=answer.body, body_hash=digest)
