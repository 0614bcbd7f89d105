"""httpx over connections that are opened only where a network backend permits, and kept for a while.

httpcore's own pool looks at every connection for every request; here a request takes the connection it needs. Each
connection serves one request at a time, HTTP/2 too: a host is asked for few feeds at once.
"""

import ssl
import typing

import httpcore
import httpx

Key = tuple[bytes, bytes, int]


class Stream(httpx.AsyncByteStream):
    """A response body as it comes off the wire; closing it gives the connection back."""

    def __init__(self, body: typing.Any, connection: httpcore.AsyncHTTPConnection, pool: "Transport", key: Key) -> None:
        self._body = body
        self._connection = connection
        self._pool = pool
        self._key = key

    async def __aiter__(self) -> typing.AsyncIterator[bytes]:
        async for part in self._body:
            yield part

    async def aclose(self) -> None:
        """Keep the connection if the body was read to its end, else close it."""
        await self._body.aclose()
        await self._pool.keep(self._connection, self._key)


class Transport(httpx.AsyncBaseTransport):
    """Connections by origin, at most `keep` of them idle, none idle for longer than `seconds`."""

    def __init__(self, tls: ssl.SSLContext, backend: httpcore.AsyncNetworkBackend, keep: int, seconds: float) -> None:
        self._tls = tls
        self._backend = backend
        self._most = keep
        self._seconds = seconds
        # The longest idle first.
        self._idle: dict[httpcore.AsyncHTTPConnection, Key] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; raises httpcore's and the backend's own exceptions."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        key = (url.origin.scheme, url.origin.host, url.origin.port)
        connection = await self._take(key) or self._new(url.origin)
        try:
            answer = await connection.handle_async_request(
                httpcore.Request(request.method, url, headers=request.headers.raw, extensions=request.extensions)
            )
        except BaseException:
            await connection.aclose()
            raise
        body = Stream(answer.stream, connection, self, key)
        return httpx.Response(answer.status, headers=answer.headers, stream=body, extensions=answer.extensions)

    async def keep(self, connection: httpcore.AsyncHTTPConnection, key: Key) -> None:
        """Put a connection that is free again among the idle, and let go of those that are too old or too many."""
        if not connection.is_idle():
            await connection.aclose()
            return
        self._idle[connection] = key
        while self._idle and (len(self._idle) > self._most or next(iter(self._idle)).has_expired()):
            await self._drop(next(iter(self._idle)))

    async def aclose(self) -> None:
        """Close every idle connection."""
        while self._idle:
            await self._drop(next(iter(self._idle)))

    async def _take(self, key: Key) -> httpcore.AsyncHTTPConnection | None:
        """The connection to an origin that was used last, if it is still open."""
        for connection in [one for one, origin in reversed(self._idle.items()) if origin == key]:
            if not connection.has_expired():
                del self._idle[connection]
                return connection
            await self._drop(connection)
        return None

    def _new(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        return httpcore.AsyncHTTPConnection(
            origin,
            ssl_context=self._tls,
            keepalive_expiry=self._seconds,
            http2=True,
            network_backend=self._backend,
        )

    async def _drop(self, connection: httpcore.AsyncHTTPConnection) -> None:
        del self._idle[connection]
        await connection.aclose()
