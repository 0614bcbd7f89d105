"""What a button under a message does. Repeated, it does nothing more."""

from monitor.chat.changing import lift, make, story_mute
from monitor.chat.showing import why
from monitor.chat.values import Pushed, Reply, Room, Visitor
from monitor.domain import Action, Buttons, Mute, MuteKind, Opinion, Press, Pressed
from monitor.errors import InputError
from monitor.render import alert_buttons, answers, summary_buttons

OPINIONS = {
    Action.RELEVANT: Opinion.RELEVANT,
    Action.NOT_RELEVANT: Opinion.NOT_RELEVANT,
    Action.MISSED: Opinion.MISSED,
}


def press(room: Room, who: Visitor, pressed: Press, said: Pressed) -> Pushed:
    """Do what the button says, and show it on the message that it is under."""
    match pressed.action:
        case Action.WHY:
            return _why(room, who, pressed)
        case Action.MUTE | Action.UNMUTE:
            answer = _mute(room, who, pressed, said.update)
        case _:
            opinion = OPINIONS[pressed.action]
            given = room.store.people.give(
                pressed.article, who.chat, who.by, opinion, room.threshold(who.chat), room.now
            )
            answer = answers.DONE[opinion] if given else answers.PRUNED
    return Pushed(answer, _buttons(room, who, pressed, said.message))


def _buttons(room: Room, who: Visitor, pressed: Press, under: int | None) -> Buttons:
    """The alert's or summary's buttons as they are now; none for a button that is under another message."""
    if not pressed.story:
        return ()
    if under is not None and (told := room.store.people.summary(who.chat, under)):
        return summary_buttons(told)
    said = room.store.people.opinions(pressed.article, who.chat)
    return alert_buttons(pressed.article, pressed.story, said, bool(_held(room, who, pressed)))


def _held(room: Room, who: Visitor, pressed: Press) -> list[Mute]:
    held = room.store.people.mutes(room.now, who.chat)
    return [mute for mute in held if mute.kind is MuteKind.STORY and mute.what == str(pressed.story)]


def _mute(room: Room, who: Visitor, pressed: Press, request: int) -> str:
    held = _held(room, who, pressed)
    if bool(held) == (pressed.action is Action.MUTE):
        return answers.UNCHANGED
    if held:
        return lift(room, who, held, request)
    try:
        mute = story_mute(room, who, pressed.story)
    except InputError as error:
        return str(error)
    what = f"Muted: {answers.muted(mute, room.reader)}."
    return make(room, who, "mute", None, None, request, what, mute)


def _why(room: Room, who: Visitor, pressed: Press) -> Pushed:
    trail = room.store.trail(f"a{pressed.article}")
    if trail is None:
        return Pushed(answers.PRUNED)
    return Pushed("", reply=Reply(why(room, who, trail)))
