"""Hears what people write and press: asks Telegram for it, or has it brought to a web address.

An update is acknowledged once its effects are stored; while the database is in trouble it is asked for again, with
growing pauses. One that fails in any other way would fail for ever, and what came after it would never be heard: it is
acknowledged, too.
"""

import asyncio
import hmac
import json
import socket
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import timedelta
from urllib.parse import urlsplit

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.chat.values import kind_of
from monitor.commands import PURPOSES
from monitor.config import WebhookConfig
from monitor.errors import ConfigError, DeliveryError, MonitorError, StoreError
from monitor.telegram.line import Line, Said, read

log = structlog.get_logger(__name__)
WAIT = timedelta(seconds=50)
"""How long Telegram may keep a request for updates open."""
SPIN = timedelta(milliseconds=300)
"""The least time between two requests that bring nothing: a server that does not wait would be asked for ever."""
LEAST, MOST = timedelta(seconds=1), timedelta(minutes=1)
"""The pause after trouble, doubled each time."""
LAST = timedelta(seconds=2)
"""How long the last acknowledgement may take when the program ends."""
MAX_BYTES = 1_000_000
SECRET = "x-telegram-bot-api-secret-token"
Take = Callable[[Said, Line, str], Awaitable[None]]


class Listener:
    """Hands what comes over one line to `take`, one after the other, until `stop`."""

    def __init__(self, line: Line, webhook: WebhookConfig | None, take: Take) -> None:
        self._line, self._webhook, self._take = line, webhook, take
        self._stopping = asyncio.Event()
        self._offset: int | None = None
        self._bot = ""
        self._turn = asyncio.Lock()

    def stop(self) -> None:
        """Let `run` end after what is being taken."""
        self._stopping.set()

    async def run(self) -> None:
        """Listen until `stop`; trouble is logged once each time it begins, and listened on."""
        failures = 0
        while not self._stopping.is_set():
            try:
                await self._begin()
                await self._serve() if self._webhook else await self._poll()
                failures = 0
            except MonitorError as error:
                failures += 1
                (log.warning if failures == 1 else log.debug)("not listening to chats, trying again", error=str(error))
                asked = error.retry_after if isinstance(error, DeliveryError) else None
                await self._pause(asked or min(LEAST * 2 ** min(failures - 1, 10), MOST))
            except Exception:
                failures += 1
                log.exception("listening failed in a way it should not, trying again")
                await self._pause(MOST)
        if not self._webhook:
            await self._acknowledge()

    async def _begin(self) -> None:
        """Learn the bot's name and set up how updates come; done once."""
        if self._bot:
            return
        name = await self._line.name()
        if self._webhook is None:
            await self._line.unhook()
        self._bot = name
        try:
            await self._line.offer(PURPOSES)
        except DeliveryError as error:
            log.warning("commands not registered", error=str(error))
        log.info("listening", bot=name, by="webhook" if self._webhook else "polling")

    async def _poll(self) -> None:
        """Ask once and take what comes."""
        began = asyncio.get_running_loop().time()
        asking = asyncio.ensure_future(self._line.updates(self._offset, WAIT))
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait([asking, stopping], return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                return
            updates = asking.result()
        finally:
            asking.cancel()
            stopping.cancel()
        for number, said in updates:
            await self._hand(said)
            self._offset = number + 1
        if not updates:
            await self._pause(SPIN - timedelta(seconds=asyncio.get_running_loop().time() - began))

    async def _hand(self, said: Said | None) -> None:
        """Have an update taken. Raises StoreError where it is to come again."""
        if said is None:
            return
        try:
            await self._take(said, self._line, self._bot)
        except StoreError:
            raise
        except Exception:
            log.exception("an update failed in a way it should not", update=said.update, kind=kind_of(said))

    async def _acknowledge(self) -> None:
        """Tell Telegram what was taken, so that the next start does not take it again."""
        if self._offset is not None:
            try:
                async with asyncio.timeout(LAST.total_seconds()):
                    await self._line.updates(self._offset, timedelta(0))
            except (TimeoutError, MonitorError) as error:
                log.info("last updates not acknowledged", error=str(error))

    async def _serve(self) -> None:
        """Serve the web address until `stop`. Raises ConfigError where it cannot be opened."""
        assert self._webhook is not None, "asked for only where there is one"
        server = uvicorn.Server(
            uvicorn.Config(self.app(), log_config=None, access_log=False, lifespan="off", server_header=False)
        )
        # The daemon handles signals itself.
        server.capture_signals = nullcontext  # type: ignore[method-assign,assignment]
        with _opened(self._webhook.listen) as door:
            serving = asyncio.ensure_future(server.serve(sockets=[door]))
            try:
                await self._line.hook(self._webhook.url)
                await self._stopping.wait()
            finally:
                server.should_exit = True
                await serving

    def app(self) -> Starlette:
        """The web address, as an ASGI application."""
        assert self._webhook is not None, "asked for only where there is one"
        path = urlsplit(self._webhook.url).path or "/"
        return Starlette(routes=[Route(path, self._brought, methods=["POST"])])

    async def _brought(self, request: Request) -> Response:
        shown = request.headers.get(SECRET, "").encode()
        if not hmac.compare_digest(shown, self._line.secret.encode()):
            return Response(status_code=403)
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_BYTES:
                return Response(status_code=413)
        try:
            raw = json.loads(body)
        except ValueError:
            return Response(status_code=400)
        said = read(raw) if isinstance(raw, dict) else None
        try:
            async with self._turn:
                await self._hand(said)
        except StoreError as error:
            # Telegram brings it again.
            log.error("not stored", error=str(error))
            return Response(status_code=503)
        return Response(status_code=200)

    async def _pause(self, span: timedelta) -> None:
        try:
            async with asyncio.timeout(max(span.total_seconds(), 0)):
                await self._stopping.wait()
        except TimeoutError:
            pass


def _opened(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    try:
        return socket.create_server((host, int(port)))
    except (OSError, OverflowError) as error:
        raise ConfigError(f"telegram.webhook.listen: {listen} cannot be opened ({error})") from None
