"""TCP and TLS for httpcore straight on asyncio.

httpcore's own backend asks the kernel and builds several objects for each look at a connection, which costs more than
the request itself when hundreds of unchanged feeds are polled. Time limits are the caller's: one deadline for all.
"""

import asyncio
import ssl
from typing import Any, cast

import httpcore

HIGH_WATER = 1 << 18


class Pipe(asyncio.Protocol):
    """Keeps what has arrived until it is read, and tells the other side to wait when that is much."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.buffer = bytearray()
        self.ended = False
        self.error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Take bytes from the wire."""
        self.buffer += data
        if len(self.buffer) > HIGH_WATER and self.transport is not None and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Note that nothing more will come; the transport closes itself."""
        self.ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end, and why."""
        self.ended, self.error = True, exc
        self._wake()

    async def read(self, most: int) -> bytes:
        """The next bytes, or none at the end; raises httpcore.ReadError if the connection broke."""
        while not self.buffer and not self.ended:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if not self.buffer and self.error is not None:
            raise httpcore.ReadError(str(self.error)) from self.error
        data = bytes(self.buffer[:most])
        del self.buffer[:most]
        if self._paused and not self.buffer and self.transport is not None:
            self._paused = False
            self.transport.resume_reading()
        return data

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Stream(httpcore.AsyncNetworkStream):
    """One connection. Timeouts given by httpcore are not used; see the module."""

    def __init__(self, transport: asyncio.Transport, pipe: Pipe) -> None:
        self._transport = transport
        self._pipe = pipe

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """See Pipe.read."""
        return await self._pipe.read(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Hand over bytes; requests are small, so nobody waits for them to leave."""
        if self._transport.is_closing():
            raise httpcore.WriteError("the connection is closed")
        self._transport.write(buffer)

    async def aclose(self) -> None:
        """Close at once, without waiting for the other side's goodbye."""
        self._transport.abort()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Speak TLS from here on; raises httpcore.ConnectError caused by ssl.SSLError."""
        loop = asyncio.get_running_loop()
        try:
            secure = await loop.start_tls(self._transport, self._pipe, ssl_context, server_hostname=server_hostname)
        except (OSError, ValueError) as error:
            self._transport.abort()
            raise httpcore.ConnectError(str(error)) from error
        except BaseException:
            self._transport.abort()
            raise
        if secure is None:
            raise httpcore.ConnectError("the connection was lost")
        self._pipe.transport = secure
        return Stream(secure, self._pipe)

    def get_extra_info(self, info: str) -> Any:
        """`ssl_object`, or `is_readable`: whether an idle connection has something to say, such as its end."""
        if info == "is_readable":
            return bool(self._pipe.buffer) or self._pipe.ended or self._transport.is_closing()
        return self._transport.get_extra_info(info)


async def connect(address: str, port: int) -> Stream:
    """Open a TCP connection to an address; raises OSError."""
    transport, pipe = await asyncio.get_running_loop().create_connection(Pipe, address, port)
    return Stream(transport, pipe)
