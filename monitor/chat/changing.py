"""Commands that change something: each is stored, logged, told to the admins, and can be taken back."""

import difflib
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import structlog

from monitor.changes import is_written, kept, revert
from monitor.chat.labels import labels
from monitor.chat.showing import mutes as show_mutes
from monitor.chat.showing import several
from monitor.chat.showing import threshold as show_threshold
from monitor.chat.values import Reply, Room, Visitor
from monitor.commands import Hold, Release, Rule, Threshold, Undo
from monitor.config import add_rule, remove_rule
from monitor.domain import Change, Mute, MuteKind, Severity
from monitor.errors import ConfigError, InputError, UnwritableError
from monitor.pipeline import tell_admins
from monitor.render import answers, test_alert
from monitor.text import check_pattern

log = structlog.get_logger(__name__)
T = TypeVar("T")
RECENT = 200
"""How far back `/undo` without a number looks."""


def test(room: Room, who: Visitor, thread: int | None) -> Reply:
    """Queue a test alert for the chat."""
    room.store.enqueue([who.chat], test_alert(room.now, room.spoken(who.chat)), room.now, thread=thread)
    room.wake()
    return Reply(answers.said(answers.TEST_SENT))


def hold(room: Room, who: Visitor, command: Hold, request: int, replied: int | None) -> Reply:
    """Mute something in the chat. Raises InputError for what there is not."""
    until = room.now + command.span if command.span else None
    mute = Mute(who.chat, command.kind, command.what, until, who.by, room.now)
    if command.kind is MuteKind.STORY:
        meant = _meant(room, who, command.what, replied)
        if len(meant) > 1:
            return several(room, who, meant, "mute story")
        mute = replace(story_mute(room, who, meant[0]), until=until)
    elif command.kind is MuteKind.SOURCE:
        mute = replace(mute, what=_source(room, command.what))
    elif command.kind is MuteKind.KEYWORD and (complaint := check_pattern(command.what)):
        raise InputError(f"'{command.what}': {complaint}")
    what = f"Muted: {answers.muted(mute, room.reader)}."
    text = answers.said(make(room, who, "mute", None, None, request, what, mute))
    return Reply(text, labels=labels(room, who.chat, _told([mute])))


def release(room: Room, who: Visitor, command: Release, request: int) -> Reply:
    """End mutes of the chat."""
    held = room.store.people.mutes(room.now, who.chat)
    if command.which is None and len(held) != 1:
        return show_mutes(room, who)
    chosen = [mute for mute in held if command.which in {None, "all", mute.id}]
    if not chosen:
        return show_mutes(room, who)
    text = answers.said(lift(room, who, chosen, request))
    return Reply(text, labels=labels(room, who.chat, _told(chosen)))


def lift(room: Room, who: Visitor, held: Sequence[Mute], request: int, told: str = "") -> str:
    """End these mutes; returns what is told of it, `told` where that is named."""
    numbers = ",".join(str(mute.id) for mute in held)
    names = "; ".join(map(answers.held, held))
    return make(room, who, "unmute", numbers, None, request, f"Not muted any more: {names}.", told=told)


def set_threshold(room: Room, who: Visitor, command: Threshold, request: int) -> Reply:
    """Show the chat's threshold, or set it."""
    if command.value is None:
        return show_threshold(room, who)
    if not who.admin:
        return Reply(answers.said(answers.ADMINS_ONLY))
    chosen = room.store.people.thresholds().get(who.chat)
    old = None if chosen is None else repr(chosen)
    new = None if command.value == "default" else repr(float(command.value))
    if old == new:
        return Reply(answers.said(answers.UNCHANGED))
    now = room.judge.threshold if new is None else float(new)
    what = f"The threshold is now {now:.3f}, it was {room.threshold(who.chat):.3f}."
    return Reply(answers.said(make(room, who, "threshold", old, new, request, what)))


def rule(room: Room, who: Visitor, command: Rule, request: int) -> Reply:
    """Add a keyword rule, or remove one. Raises InputError."""
    if not who.admin:
        return Reply(answers.said(answers.ADMINS_ONLY))
    folder = Path(room.config.folder)
    added = command.list if command.add else None
    if added:
        edit = _edited(folder, lambda: add_rule(folder, added, command.match, command.weight))
    else:
        edit = _edited(folder, lambda: remove_rule(folder, command.list, command.match))
    verb = "Added to" if edit.added else "Removed from"
    key, old, new = kept(edit)
    what = f"{verb} {edit.list} of keywords.yaml: {edit.rule}"
    return Reply(answers.said(make(room, who, key, old, new, request, f"{what}.")))


def undo(room: Room, who: Visitor, command: Undo, request: int) -> Reply:
    """Take a change back: an admin any, others their own."""
    people = room.store.people
    done = people.undone_by(request)
    if done is None:
        recent = people.changes(RECENT) if command.id is None else people.changes(1, command.id)
        mine = [c for c in recent if c.undone is None and _may(who, c, by_number=command.id is not None)]
        if not mine:
            return Reply(answers.said(answers.NOTHING_TO_UNDO))
        done = mine[0]
        if is_written(done.key):
            folder, change = Path(room.config.folder), done
            _edited(folder, lambda: revert(folder, change))
        people.undo(done, who.by, request, room.now)
        _report(room, who, f"{who.by.name} ({who.by.id}) took change {done.id} ({done.key}) in chat {done.chat} back.")
        log.info("change taken back", change=done.id, key=done.key, chat=done.chat, user=who.by.id)
    shown = labels(room, done.chat, people.muted_by(done))
    return Reply(answers.said(f"Change {done.id} ({done.key}) is taken back."), labels=shown)


def _edited(folder: Path, edit: Callable[[], T]) -> T:
    """What the edit of a file returns. Raises InputError, which tells the chat nothing of where the folder is."""
    try:
        return edit()
    except UnwritableError as error:
        log.warning("configuration not written", error=str(error))
        raise InputError(answers.unwritten(error.file, None if error.locked else error.why)) from None
    except ConfigError as error:
        raise InputError(str(error).replace(f"{folder}{os.sep}", "")) from None


def make(
    room: Room,
    who: Visitor,
    key: str,
    old: str | None,
    new: str | None,
    request: int,
    what: str,
    mute: Mute | None = None,
    told: str = "",
) -> str:
    """Carry a change out, log it and tell the admins; returns what is told in the chat.

    That is `what`, or `told`, which has a place for how it is taken back.
    """
    change, fresh = room.store.people.write(Change(who.chat, who.by, room.now, key, old, new, request), mute)
    if fresh:
        log.info("changed by command", change=change.id, key=key, chat=who.chat, user=who.by.id, what=what)
        _report(room, who, answers.reported(change, what))
    return told.format(undo=answers.undoing(change)) if told else answers.changed(change, what)


def story_mute(room: Room, who: Visitor, id: int) -> Mute:
    """The mute of a story, as severe as it is now. Raises InputError where it is not stored."""
    story = room.store.stories([id]).get(id)
    if story is None:
        raise InputError(answers.NO_STORY)
    return Mute(who.chat, MuteKind.STORY, str(id), None, who.by, room.now, Severity(story.severity))


def _meant(room: Room, who: Visitor, said: str, replied: int | None) -> Sequence[int]:
    """The story by its number, or those that the message replied to tells; at least one."""
    found: tuple[int, ...] = (int(said),) if said else ()
    if not found and replied is not None:
        found = room.store.people.stories_of(who.chat, replied)
    if not found:
        raise InputError("Give the story's number, such as /mute story 12, or reply to an alert with /mute story.")
    return found


def _told(held: Sequence[Mute]) -> list[int]:
    """The stories that are muted."""
    return [int(mute.what) for mute in held if mute.kind is MuteKind.STORY]


def _source(room: Room, said: str) -> str:
    """The source that is meant, in any case."""
    names = {source.name.casefold(): source.name for source in room.config.sources}
    if said.casefold() in names:
        return names[said.casefold()]
    near = difflib.get_close_matches(said.casefold(), names, n=1)
    raise InputError(f"No source is named '{said}'" + (f"; did you mean '{names[near[0]]}'?" if near else "."))


def _may(who: Visitor, change: Change, by_number: bool) -> bool:
    """Whether they may take it back: without a number only what is about this chat or about all."""
    here = change.chat == who.chat or is_written(change.key)
    own = change.chat == who.chat and change.by.id == who.by.id and change.key in {"mute", "unmute"}
    return own or (who.admin and (here or by_number))


def _report(room: Room, who: Visitor, text: str) -> None:
    """Tell the admins, except where it was done."""
    if tell_admins(room.store, room.config, text, room.now, but=who.chat):
        room.wake()
