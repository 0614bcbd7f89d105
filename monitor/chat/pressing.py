"""What a button under a message does. Repeated, it does nothing more."""

from collections.abc import Sequence

from monitor.chat.changing import lift, make, story_mute
from monitor.chat.labels import labels, marked
from monitor.chat.showing import why
from monitor.chat.values import Label, Pushed, Reply, Room, Visitor
from monitor.domain import Action, Buttons, Mute, MuteKind, Opinion, Press, Pressed
from monitor.errors import InputError
from monitor.render import alert_buttons, answers, summary_buttons

OPINIONS = {
    Action.RELEVANT: Opinion.RELEVANT,
    Action.NOT_RELEVANT: Opinion.NOT_RELEVANT,
    Action.MISSED: Opinion.MISSED,
}


def press(room: Room, who: Visitor, pressed: Press, said: Pressed, under: Sequence[Press]) -> Pushed:
    """Do what the button says, and show it on the message, which has the buttons `under` it."""
    words = room.spoken(who.chat).words
    others: tuple[Label, ...] = ()
    match pressed.action:
        case Action.WHY:
            return _why(room, who, pressed)
        case Action.MUTE | Action.UNMUTE:
            answer = _mute(room, who, pressed, said.update)
            others = labels(room, who.chat, [pressed.story])
        case _:
            opinion = OPINIONS[pressed.action]
            given = room.store.people.give(
                pressed.article, who.chat, who.by, opinion, room.threshold(who.chat), room.now
            )
            answer = answers.noted(opinion, words) if given else words.pruned
    return Pushed(answer, _buttons(room, who, pressed, said.message, under), labels=others)


def _buttons(room: Room, who: Visitor, pressed: Press, message: int | None, under: Sequence[Press]) -> Buttons:
    """The message's buttons as they are now; those of a list of near misses are known from what is under it."""
    if not pressed.story:
        return marked(room, who.chat, [one.article for one in under if one.action is Action.MISSED])
    if message is not None and (told := room.store.people.summary(who.chat, message)):
        return summary_buttons(told)
    said = room.store.people.opinions(pressed.article, who.chat)
    muted, words = bool(_held(room, who, pressed)), room.spoken(who.chat).words
    return alert_buttons(pressed.article, pressed.story, said, muted, words)


def _held(room: Room, who: Visitor, pressed: Press) -> list[Mute]:
    held = room.store.people.mutes(room.now, who.chat)
    return [mute for mute in held if mute.kind is MuteKind.STORY and mute.what == str(pressed.story)]


def _mute(room: Room, who: Visitor, pressed: Press, request: int) -> str:
    held, words = _held(room, who, pressed), room.spoken(who.chat).words
    if bool(held) == (pressed.action is Action.MUTE):
        return words.unchanged
    if held:
        return lift(room, who, held, request, answers.of_story(words.story_unmuted, pressed.story))
    try:
        mute = story_mute(room, who, pressed.story)
    except InputError:
        return words.no_story
    what = f"Muted: {answers.muted(mute, room.reader)}."
    told = answers.of_story(words.story_muted, pressed.story)
    return make(room, who, "mute", None, None, request, what, mute, told)


def _why(room: Room, who: Visitor, pressed: Press) -> Pushed:
    trail = room.store.trail(f"a{pressed.article}")
    if trail is None:
        return Pushed(room.spoken(who.chat).words.pruned)
    return Pushed("", reply=Reply(why(room, who, trail)))
