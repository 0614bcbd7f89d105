"""Takes what people write and press to answers: who may is asked first, effects are stored before it returns.

What takes long, and the sending of answers, goes on afterwards and holds nobody up. Nothing here blocks the event loop.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from monitor.chat import changing, showing
from monitor.chat.pressing import press
from monitor.chat.values import Pushed, Reply, Room, Visitor, visitor
from monitor.commands import (
    Ask,
    Asked,
    Command,
    Hold,
    Judge,
    Mistake,
    Release,
    Rule,
    Show,
    Threshold,
    Trend,
    Undo,
    read,
)
from monitor.config import Config, follow
from monitor.domain import Moved, Place, Pressed, Written
from monitor.errors import ConfigError, DeliveryError, InputError, StoreError
from monitor.pipeline import Judge as Judging
from monitor.render import answers
from monitor.store import Store
from monitor.telegram.line import Line, Said

log = structlog.get_logger(__name__)
T = TypeVar("T")
CALLERS = 4
"""Threads for what is quick. They are the desk's own: those of the loop may all be busy with feeds."""
TRIES = 4
PAUSE = timedelta(seconds=1)
"""Before an answer that could not be sent is tried again; doubled each time."""
STRANGERS = 1000
"""How many strangers are remembered, so that each gives one line in the log."""
SLOW = (Trend, Judge)


class Desk:
    """Answers people. `use` must be called before anything is taken; `moved` is called when a group became another."""

    def __init__(
        self, store: Store, clock: Callable[[], datetime], wake: Callable[[], None], moved: Callable[[], None]
    ) -> None:
        self._store, self._clock, self._wake, self._moved = store, clock, wake, moved
        self._quick = ThreadPoolExecutor(CALLERS, "chat")
        # One at a time: drawing is not made for threads, and judging has cores enough already.
        self._slow = ThreadPoolExecutor(1, "chat-slow")
        self._going: set[asyncio.Task[object]] = set()
        self._strangers: set[tuple[int, int]] = set()

    def use(self, config: Config, judge: Judging) -> None:
        """Answer by this configuration from now on."""
        self._config, self._judge = config, judge

    async def rest(self, grace: timedelta) -> None:
        """Let the answers that are under way go out, so long at most."""
        if self._going:
            await asyncio.wait(self._going, timeout=grace.total_seconds())
        for task in self._going:
            task.cancel()

    def close(self) -> None:
        """Take nothing more."""
        for threads in (self._quick, self._slow):
            threads.shutdown(wait=False, cancel_futures=True)

    async def take(self, said: Said, line: Line, bot: str) -> None:
        """Do what was said. Raises StoreError where it could not be stored: then it is to be handed in again."""
        if isinstance(said, Moved):
            await self._follow(said)
            return
        who = visitor(self._config, said.place, said.by) or await self._newcomer(said)
        if who is None:
            self._stranger(said)
            return
        # Who can write here lets the bot write, too.
        if await self._in(self._quick, lambda: self._store.chats.resume(who.chat, self._clock())):
            log.info("chat resumed", chat=who.chat)
            self._wake()
        if isinstance(said, Pressed):
            await self._pressed(said, who, line)
        else:
            asked = read(said.text, bot)
            if asked is not None and not _another_bots(asked, said.place):
                await self._asked(said, asked.command, who, line)

    async def _follow(self, said: Moved) -> None:
        """Take a configured group's new number for it, in place of the old one."""
        old, new = str(said.old), str(said.new)
        if old in {str(chat.id) for chat in self._config.telegram.chats}:
            await self._in(self._quick, lambda: self._store.chats.move(old, new))
            self._config = follow(self._config, {old: new})
            log.warning("chat moved; put its new id into monitor.yaml", chat=old, new=new)
            self._moved()

    async def _newcomer(self, said: Written | Pressed) -> Visitor | None:
        """Who this is where delivery has met a group's new number since the configuration was read."""
        self._config = follow(self._config, await self._in(self._quick, self._store.chats.moves))
        return visitor(self._config, said.place, said.by)

    def _stranger(self, said: Written | Pressed) -> None:
        key = said.place.id, said.by.id
        if key not in self._strangers and len(self._strangers) < STRANGERS:
            self._strangers.add(key)
            log.warning("stranger not answered", chat=said.place.id, user=said.by.id)

    async def _asked(self, said: Written, command: Command | Mistake, who: Visitor, line: Line) -> None:
        log.info("asked", chat=who.chat, user=who.by.id, command=said.text.split()[0])
        if isinstance(command, Mistake):
            self._start(self._send(said, Reply(answers.said(command.says)), line))
        elif isinstance(command, SLOW) or command == Ask("misses"):
            self._start(self._later(said, command, who, line))
        else:
            reply = await self._perform(self._quick, said, command, who)
            self._start(self._send(said, reply, line))

    async def _later(self, said: Written, command: Command, who: Visitor, line: Line) -> None:
        try:
            reply = await self._perform(self._slow, said, command, who)
        except StoreError as error:
            log.error("cannot answer", error=str(error))
            reply = Reply(answers.said(answers.TROUBLE))
        await self._send(said, reply, line)

    async def _perform(self, threads: Executor, said: Written, command: Command, who: Visitor) -> Reply:
        try:
            return await self._in(threads, lambda: perform(self._room(), who, said, command))
        except (InputError, ConfigError) as error:
            return Reply(answers.said(str(error)))
        except StoreError:
            raise
        except Exception:
            log.exception("a command failed in a way it should not", update=said.update)
            return Reply(answers.said(answers.TROUBLE))

    async def _pressed(self, said: Pressed, who: Visitor, line: Line) -> None:
        meant = line.press(said.data)
        if meant is None or (said.place.kind == "channel" and not who.admin):
            log.warning("press refused", chat=who.chat, user=who.by.id, forged=meant is None)
            words = self._room().spoken(who.chat).words
            refusal = words.forged if meant is None else answers.not_here(words)
            self._start(self._try(lambda: line.answer(said.query, refusal)))
            return
        log.info("pressed", chat=who.chat, user=who.by.id, action=meant.action.name.lower(), article=meant.article)
        try:
            pushed = await self._in(self._quick, lambda: press(self._room(), who, meant, said))
        except StoreError:
            raise
        except Exception:
            log.exception("a press failed in a way it should not", update=said.update)
            pushed = Pushed(answers.TROUBLE)
        self._start(self._show(said, pushed, line))

    async def _show(self, said: Pressed, pushed: Pushed, line: Line) -> None:
        await self._try(lambda: line.answer(said.query, pushed.answer))
        if pushed.buttons and said.message is not None:
            number = said.message
            await self._try(lambda: line.relabel(said.place.id, number, pushed.buttons))
        if pushed.reply is not None:
            await self._send(said, pushed.reply, line)

    async def _send(self, said: Written | Pressed, reply: Reply, line: Line) -> None:
        chat, message, thread = said.place.id, said.message, said.thread
        if reply.picture:
            caption = reply.text.plain
            if await self._try(lambda: line.show(chat, reply.picture, caption, message, thread)):
                return
            reply = Reply(answers.said(f"{caption}. {answers.NO_PICTURE}"))
        await self._try(lambda: line.say(chat, reply.text, reply.buttons, message, thread))

    async def _try(self, request: Callable[[], Awaitable[None]]) -> bool:
        """Send, again where that may help; an answer that does not arrive is only logged. Returns whether it did."""
        for attempt in range(TRIES):
            try:
                await request()
            except DeliveryError as error:
                last = error.permanent or attempt + 1 == TRIES
                (log.warning if last else log.info)("answer not sent", error=str(error), last=last)
                if last:
                    break
                await asyncio.sleep((error.retry_after or PAUSE * 2**attempt).total_seconds())
            else:
                return True
        return False

    def _start(self, work: Awaitable[object]) -> None:
        task = asyncio.ensure_future(work)
        self._going.add(task)
        task.add_done_callback(self._going.discard)

    async def _in(self, threads: Executor, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(threads, work)

    def _room(self) -> Room:
        return Room(self._store, self._config, self._judge, self._wake, self._clock())


def perform(room: Room, who: Visitor, said: Written, command: Command) -> Reply:
    """Carry a command out, in a thread. Raises MonitorError."""
    match command:
        case Ask("test"):
            return changing.test(room, who, said.thread)
        case Ask(what):
            return showing.PLAIN[what](room, who)
        case Show():
            return showing.show(room, who, command, said.reply_to)
        case Trend():
            return showing.trend(room, who, command)
        case Judge():
            return showing.score(room, who, command)
        case Hold():
            return changing.hold(room, who, command, said.update, said.reply_to)
        case Release():
            return changing.release(room, who, command, said.update)
        case Threshold():
            return changing.set_threshold(room, who, command, said.update)
        case Rule():
            return changing.rule(room, who, command, said.update)
        case Undo():
            return changing.undo(room, who, command, said.update)


def _another_bots(asked: Asked, place: Place) -> bool:
    """Whether an unknown command in a group is nobody's mistake: it did not name this bot."""
    unknown = isinstance(asked.command, Mistake) and not asked.command.known
    return unknown and not asked.named and place.kind != "private"
