"""Takes what people write and press to answers: who may is asked first, effects are stored before it returns.

What takes long, and the sending of answers, goes on afterwards and holds nobody up. Nothing here blocks the event loop.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from monitor.chat import changing, showing
from monitor.chat.pressing import press
from monitor.chat.sending import Outgoing
from monitor.chat.values import Label, Pushed, Reply, Room, Visitor, kind_of, visitor
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
from monitor.deliver import Pace
from monitor.domain import Admitted, Moved, Person, Place, Pressed, Text, Written
from monitor.errors import ConfigError, InputError, StoreError
from monitor.pipeline import Judge as Judging
from monitor.render import answers
from monitor.store import Store
from monitor.telegram.line import Line, Said

log = structlog.get_logger(__name__)
T = TypeVar("T")
CALLERS = 4
"""Threads for what is quick. They are the desk's own: those of the loop may all be busy with feeds."""
STRANGERS = 1000
"""How many strangers are remembered, so that each gives one line in the log."""
REMOVED = "the bot was blocked or removed there, or may not write"
SLOW = (Trend, Judge)


class Desk:
    """Answers people. `use` must be called before anything is taken; `moved` is called when a group became another.

    `pace` is the one that alerts are sent by.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        pace: Pace,
        wake: Callable[[], None],
        moved: Callable[[], None],
    ) -> None:
        self._out = Outgoing(pace, clock)
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
        if isinstance(said, Admitted):
            await self._admitted(said)
            return
        who = visitor(self._config, said.place, said.by) or await self._newcomer(said)
        if who is None:
            self._stranger(said)
            return
        try:
            await self._heard(said, who, line, bot)
        except StoreError:
            raise
        except Exception:
            log.exception("an update failed in a way it should not", update=said.update, kind=kind_of(said))
            self._start(self._troubled(said, who, line))

    async def _follow(self, said: Moved) -> None:
        """Take a configured group's new number for it, in place of the old one."""
        old, new = str(said.old), str(said.new)
        if old in {str(chat.id) for chat in self._config.telegram.chats}:
            await self._in(self._quick, lambda: self._store.chats.move(old, new))
            self._config = follow(self._config, {old: new})
            log.warning("chat moved; put its new id into monitor.yaml", chat=old, new=new)
            self._moved()

    async def _admitted(self, said: Admitted) -> None:
        """Try a configured chat again that lets the bot write, and let the messages of one that does not wait."""
        nobody = Person(0, "")
        who = visitor(self._config, said.place, nobody)
        if who is None:
            log.info("not a configured chat", chat=said.place.id, welcome=said.welcome)
        elif not said.welcome:
            await self._in(self._quick, lambda: self._store.chats.shut(who.chat, REMOVED, self._clock()))
            log.warning("chat parked", chat=who.chat, error=REMOVED)
        elif await self._in(self._quick, lambda: self._store.chats.resume(who.chat, self._clock())):
            log.info("chat resumed", chat=who.chat)
            self._wake()

    async def _newcomer(self, said: Written | Pressed) -> Visitor | None:
        """Who this is where delivery has met a group's new number since the configuration was read."""
        self._config = follow(self._config, await self._in(self._quick, self._store.chats.moves))
        return visitor(self._config, said.place, said.by)

    def _stranger(self, said: Written | Pressed) -> None:
        key = said.place.id, said.by.id
        if key not in self._strangers and len(self._strangers) < STRANGERS:
            self._strangers.add(key)
            log.warning("stranger not answered", chat=said.place.id, user=said.by.id)

    async def _troubled(self, said: Written | Pressed, who: Visitor, line: Line) -> None:
        """Say that it failed."""
        if isinstance(said, Pressed):
            await self._out.tell(who.chat, lambda: line.answer(said.query, answers.TROUBLE))
        else:
            await self._send(said, Reply(answers.said(answers.TROUBLE)), who, line)

    async def _heard(self, said: Written | Pressed, who: Visitor, line: Line, bot: str) -> None:
        asked = read(said.text, bot) if isinstance(said, Written) else None
        # Who asks here wants to be told here, too.
        wanted = isinstance(said, Pressed) or asked is not None
        if wanted and await self._in(self._quick, lambda: self._store.chats.resume(who.chat, self._clock())):
            log.info("chat resumed", chat=who.chat)
            self._wake()
        if isinstance(said, Pressed):
            await self._pressed(said, who, line)
        elif asked is not None and not _another_bots(asked, said.place):
            await self._asked(said, asked.command, who, line)

    async def _asked(self, said: Written, command: Command | Mistake, who: Visitor, line: Line) -> None:
        log.info("asked", chat=who.chat, user=who.by.id, command=said.text.split()[0])
        if isinstance(command, Mistake):
            self._start(self._send(said, Reply(answers.said(command.says)), who, line))
        elif isinstance(command, SLOW) or command == Ask("misses"):
            self._start(self._later(said, command, who, line))
        else:
            reply = await self._perform(self._quick, said, command, who)
            self._start(self._send(said, reply, who, line))

    async def _later(self, said: Written, command: Command, who: Visitor, line: Line) -> None:
        try:
            reply = await self._perform(self._slow, said, command, who)
        except StoreError as error:
            log.error("cannot answer", error=str(error))
            await self._troubled(said, who, line)
        except Exception:
            log.exception("an update failed in a way it should not", update=said.update, kind=kind_of(said))
            await self._troubled(said, who, line)
        else:
            await self._send(said, reply, who, line)

    async def _perform(self, threads: Executor, said: Written, command: Command, who: Visitor) -> Reply:
        try:
            return await self._in(threads, lambda: perform(self._room(), who, said, command))
        except (InputError, ConfigError) as error:
            return Reply(answers.said(str(error)))

    async def _pressed(self, said: Pressed, who: Visitor, line: Line) -> None:
        meant = line.press(said.data)
        if meant is None or (said.place.kind == "channel" and not who.admin):
            log.warning("press refused", chat=who.chat, user=who.by.id, forged=meant is None)
            words = self._room().spoken(who.chat).words
            refusal = words.forged if meant is None else answers.not_here(words)
            self._start(self._out.tell(who.chat, lambda: line.answer(said.query, refusal)))
            return
        log.info("pressed", chat=who.chat, user=who.by.id, action=meant.action.name.lower(), article=meant.article)
        under = [one for data in said.under if (one := line.press(data)) is not None]
        pushed = await self._in(self._quick, lambda: press(self._room(), who, meant, said, under))
        self._start(self._show(said, pushed, who, line))

    async def _show(self, said: Pressed, pushed: Pushed, who: Visitor, line: Line) -> None:
        await self._out.tell(who.chat, lambda: line.answer(said.query, pushed.answer))
        if pushed.buttons and said.message is not None:
            number = said.message
            self._relabel([Label(who.chat, number, pushed.buttons)], line)
        self._relabel([label for label in pushed.labels if label.message != said.message], line)
        if pushed.reply is not None:
            await self._send(said, pushed.reply, who, line)

    async def _send(self, said: Written | Pressed, reply: Reply, who: Visitor, line: Line) -> None:
        chat, message, thread = said.place.id, said.message, said.thread
        text = reply.text
        if reply.picture:
            shown = await self._out.say(
                who.chat, lambda: line.show(chat, reply.picture, reply.text.plain, message, thread)
            )
            if shown is None or not shown.permanent:
                return
            text = answers.said(f"{reply.text.plain}. {answers.NO_PICTURE}")
        refused = await self._out.say(who.chat, lambda: line.say(chat, text, reply.buttons, message, thread))
        if refused is not None and refused.unparsable:
            # As with alerts: an answer without bold beats none.
            log.error("answer markup refused", update=said.update, error=str(refused), html=text.html)
            plain = Text("", text.plain)
            await self._out.say(who.chat, lambda: line.say(chat, plain, reply.buttons, message, thread))
        self._relabel(reply.labels, line)

    def _relabel(self, labels: Sequence[Label], line: Line) -> None:
        for label in labels:
            change = partial(line.relabel, label.chat, label.message, label.buttons)
            self._start(self._out.label(label.chat, label.message, change))

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
