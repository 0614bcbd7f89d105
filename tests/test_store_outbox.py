"""The outbox: who may deliver what, when, and in which order."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from samples import LEASE, MINUTE, NOW, filled, outcome, story, verdict

from monitor.domain import Decision, Kind, Message, Reason, Severity, Text
from monitor.store import Status, Store, Verdict

TICK = timedelta(microseconds=1)
HI = Text("<b>hi</b>", "hi")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An empty store."""
    made = Store(url)
    filled(made, 2)
    yield made
    made.close()


def claim(store: Store, now: timedelta = timedelta(0), limit: int = 10, **more: object) -> list[tuple[int, str]]:
    """Claim, and return (id, chat)."""
    return [(m.id, m.chat) for m in store.claim_messages(NOW + now, "me", LEASE, limit, **more)]  # type: ignore[arg-type]


def test_a_claimed_message_has_all_that_sending_needs(store: Store) -> None:
    """Text, story, severity, thread, silence, and the article that it tells."""
    told = verdict("-5", silent=True, thread=7)
    id = store.commit([outcome(store.unjudged(1)[0], told, about=story())], NOW)[-1]
    (message,) = store.claim_messages(NOW, "me", LEASE, 10)
    text = Text("<b>alert</b>", "alert")
    assert message == Message(1, "-5", text, 0, True, None, 7, id, Severity.SERIOUS, NOW, article=1)


def test_each_chat_gives_only_its_oldest(store: Store) -> None:
    """The second message of a chat is not claimed before the first is settled."""
    store.enqueue(["1", "2", "1"], HI, NOW)
    assert claim(store) == [(1, "1"), (2, "2")]
    assert claim(store) == []
    store.record_sent(1, 100, NOW)
    assert claim(store) == [(3, "1")]


def test_a_waiting_message_is_not_overtaken(store: Store) -> None:
    """While a chat's oldest waits for its next try, later ones wait too; other chats go on."""
    store.enqueue(["1", "1", "2"], HI, NOW)
    claim(store)
    store.record_failed(1, "busy", NOW + MINUTE, 1)
    store.record_sent(3, None, NOW)
    assert claim(store, MINUTE - TICK) == []
    assert claim(store, MINUTE) == [(1, "1")]


def test_a_dead_letter_lets_the_next_pass(store: Store) -> None:
    """What can never be delivered holds nothing up, is listed, and is tried again only when asked."""
    store.enqueue(["1", "1"], HI, NOW)
    claim(store)
    store.record_failed(1, "chat not found", None, 1)
    assert claim(store) == [(2, "1")]
    assert [(a.id, a.error, a.attempts) for a in store.alerts(10, Status.DEAD)] == [(1, "chat not found", 1)]
    store.record_sent(2, None, NOW)
    assert store.requeue(NOW + MINUTE) == 1
    assert claim(store, MINUTE) == [(1, "1")]
    assert store.requeue(NOW) == 0


def test_requeue_takes_only_what_was_asked_for(store: Store) -> None:
    """By number, and never what was sent."""
    store.enqueue(["1", "2", "3"], HI, NOW)
    for id, _ in claim(store):
        store.record_failed(id, "no", None, 1)
    store.record_sent(3, None, NOW)
    assert store.requeue(NOW, [1, 3]) == 1
    assert [a.status for a in store.alerts(10)] == [Status.SENT, Status.DEAD, Status.PENDING]


def test_an_expired_lease_is_claimed_again(store: Store) -> None:
    """A message whose sender died is sent again, exactly when the lease ends."""
    store.enqueue(["1"], HI, NOW)
    claim(store)
    assert claim(store, LEASE - TICK) == []
    assert claim(store, LEASE) == [(1, "1")]


def test_accepted_is_final(store: Store) -> None:
    """Once the other side has it, a late failure of another attempt does not bring it back."""
    store.enqueue(["1"], HI, NOW)
    claim(store)
    store.record_sent(1, 100, NOW)
    store.record_failed(1, "late", NOW, 2)
    assert claim(store, 10 * LEASE) == []
    assert store.alerts(1)[0].telegram_id == 100


def test_the_limit_takes_the_longest_waiting(store: Store) -> None:
    """With room for one, the message that is due longest goes first."""
    store.enqueue(["1"], HI, NOW + MINUTE)
    store.enqueue(["2"], HI, NOW)
    assert claim(store, 2 * MINUTE, limit=1) == [(2, "2")]


def test_resting_chats_give_nothing(store: Store) -> None:
    """A chat that must rest is passed over."""
    store.enqueue(["1", "2"], HI, NOW)
    assert claim(store, resting=("1",)) == [(2, "2")]


def test_waiting_tells_when_each_chat_is_next(store: Store) -> None:
    """Exactly, so that delivery can sleep until then; claimed ones when their lease ends."""
    assert store.waiting() == {}
    store.enqueue(["1", "1", "2", "3"], HI, NOW)
    claim(store, limit=2)
    store.record_failed(1, "busy", NOW + 5 * MINUTE, 1)
    assert store.waiting() == {"1": NOW + 5 * MINUTE, "2": NOW + LEASE, "3": NOW}


def test_an_update_replies_to_the_storys_first_message(store: Store) -> None:
    """In its own chat; where the first message never arrived, it stands alone."""
    one, two = store.unjudged(2)
    id = store.commit([outcome(one, verdict("1"), verdict("2"), about=story())], NOW)[-1]
    update = [verdict(chat, kind=Kind.UPDATE) for chat in ("1", "2")]
    claim(store)
    store.record_sent(1, 555, NOW)
    store.record_failed(2, "blocked", None, 1)
    store.commit([outcome(two, *update, about=replace(story(id), articles=2))], NOW)
    assert [(m.chat, m.reply_to) for m in store.claim_messages(NOW, "me", LEASE, 10)] == [("1", 555), ("2", None)]


def test_recent_sends_are_known(store: Store) -> None:
    """By time, since a moment, so that a restart keeps within the other side's limits."""
    store.enqueue(["1", "2", "3"], HI, NOW)
    for id, at in [(1, NOW + MINUTE), (2, NOW), (3, NOW - TICK)]:
        store.record_sent(id, None, at)
    assert store.sends(NOW) == [("2", NOW), ("1", NOW + MINUTE)]


def test_recent_attempts_are_known(store: Store) -> None:
    """Each may have arrived: those of what is sent, what failed and what is under way; not those of long ago."""
    store.enqueue(["sent", "failed", "old", "flying", "waiting"], HI, NOW)
    store.record_failed(1, "500", NOW, 1)
    store.record_sent(1, 7, NOW + TICK)
    store.record_failed(2, "no answer", NOW + MINUTE, 9)
    store.record_failed(3, "no answer", NOW - TICK, 9)
    store.claim_messages(NOW, "me", LEASE, 1, ("sent", "failed", "old", "waiting"))
    tries = store.tries(NOW, NOW + MINUTE)
    assert tries[:2] == [("sent", NOW + TICK)] * 2
    assert Counter(tries[2:]) == {("failed", NOW + MINUTE): 5, ("flying", NOW + MINUTE): 1}


def test_a_queued_notice_keeps_its_thread(store: Store) -> None:
    """And its silence."""
    store.enqueue(["-5"], HI, NOW, silent=True, thread=9)
    (message,) = store.claim_messages(NOW, "me", LEASE, 10)
    assert (message.thread, message.silent, message.story) == (9, True, None)


def test_alerts_are_listed_newest_first(store: Store) -> None:
    """Up to a limit."""
    store.enqueue(["1", "2", "3"], HI, NOW)
    assert [a.id for a in store.alerts(2)] == [3, 2]
    assert store.alerts(10, Status.SENT) == []


def told(store: Store, *verdicts: Verdict, id: int = 0, at: timedelta = timedelta(0)) -> int:
    """Judge the next article, as of one story; returns the story's number."""
    given = store.commit([outcome(store.unjudged(1)[0], *verdicts, about=story(id or -1))], NOW + at)
    return id or given[-1]


def edit(text: str) -> Verdict:
    """An edit with this text."""
    return verdict(kind=Kind.EDIT, text=Text(text, text), decision=Decision(True, Reason.GREW, "more"))


def update(text: str, whole: str | None = None) -> Verdict:
    """An update with this text, and what a first message would say."""
    first = None if whole is None else Text(whole, whole)
    return verdict(kind=Kind.UPDATE, text=Text(text, text), whole=first)


@pytest.fixture
def more(url: str) -> Iterator[Store]:
    """A store with articles that wait."""
    made = Store(url)
    filled(made, 8)
    yield made
    made.close()


def shown(store: Store, at: timedelta = timedelta(0)) -> list[tuple[int, str, int | None, int | None]]:
    """Claim, and return (id, text, edited message, message replied to)."""
    return [(m.id, m.text.html, m.edits, m.reply_to) for m in store.claim_messages(NOW + at, "me", LEASE, 10)]


def test_at_most_one_edit_waits(more: Store) -> None:
    """A newer one takes its place, a minute after the first message; the next waits four times the minute that passed."""
    id = told(more, verdict())
    assert shown(more) == [(1, "<b>alert</b>", None, None)]
    more.record_sent(1, 500, NOW)
    for n in (1, 2, 3):
        told(more, edit(f"edit {n}"), id=id)
    assert shown(more, MINUTE - TICK) == []
    assert more.waiting() == {"1": NOW + MINUTE}
    assert shown(more, MINUTE) == [(2, "edit 3", 500, None)]
    more.record_sent(2, 500, NOW + MINUTE)
    told(more, edit("edit 4"), id=id, at=MINUTE)
    assert shown(more, 5 * MINUTE - TICK) == []
    assert shown(more, 5 * MINUTE) == [(3, "edit 4", 500, None)]


@pytest.mark.parametrize(
    ("first", "last", "due"), [(0, 5, 25), (0, 10, 50), (0, 15, 50), (0, 3000, 50), (20, 3000, 11)]
)
def test_a_clock_set_back_holds_no_edit(more: Store, first: int, last: int, due: int) -> None:
    """Ten minutes after the first message: what was sent by a clock that was fast counts as sent just now."""
    id = told(more, verdict())
    shown(more)
    more.record_sent(1, 500, NOW + first * MINUTE)
    told(more, update("graver"), id=id)
    shown(more)
    more.record_sent(2, 501, NOW + last * MINUTE)
    told(more, edit("another outlet"), id=id, at=10 * MINUTE)
    assert more.waiting() == {"1": NOW + due * MINUTE}


def test_an_edit_that_changes_under_way_is_due_again(more: Store) -> None:
    """Whether it arrived or not; and what its sender did not know is sent a minute later."""
    id = told(more, verdict())
    shown(more)
    more.record_sent(1, 500, NOW)
    told(more, edit("old"), id=id)
    assert shown(more, MINUTE) == [(2, "old", 500, None)]
    told(more, edit("new"), id=id)
    more.record_sent(2, 500, NOW + MINUTE)
    assert shown(more, 2 * MINUTE - TICK) == []
    assert shown(more, 2 * MINUTE) == [(2, "new", 500, None)]
    told(more, edit("newer"), id=id)
    more.record_failed(2, "busy", NOW + 2 * MINUTE, 1)
    assert shown(more, 2 * MINUTE) == [(2, "newer", 500, None)]
    more.record_sent(2, 500, NOW + 2 * MINUTE)
    assert shown(more, 99 * MINUTE) == []


def test_an_edit_holds_nothing_up(more: Store) -> None:
    """Messages of the chat go before it; while one is under way the other waits."""
    id = told(more, verdict())
    shown(more)
    more.record_sent(1, 500, NOW)
    told(more, edit("edit"), id=id)
    more.enqueue(["1"], HI, NOW + MINUTE)
    assert shown(more, MINUTE) == [(3, "<b>hi</b>", None, None)]
    assert shown(more, MINUTE) == []
    more.record_sent(3, 501, NOW + MINUTE)
    assert shown(more, MINUTE) == [(2, "edit", 500, None)]
    more.enqueue(["1"], HI, NOW)
    assert shown(more, MINUTE) == []


def test_what_waits_behind_a_first_message_is_told_by_it(more: Store) -> None:
    """Its newest wording, whether of an edit or an update; the rows behind it are settled."""
    id = told(more, verdict())
    told(more, edit("edit"), id=id)
    told(more, update("graver", "whole"), id=id)
    assert shown(more) == [(1, "whole", None, None)]
    more.record_failed(1, "busy", NOW, 1)
    told(more, edit("newest"), id=id)
    assert shown(more) == [(1, "newest", None, None)]
    assert more.counts().messages == {Status.PENDING: 1, Status.SENT: 0, Status.DEAD: 0, Status.MERGED: 3}
    more.record_sent(1, 500, NOW)
    assert shown(more, 9 * MINUTE) == []


def test_of_several_updates_the_last_is_sent(more: Store) -> None:
    """It says what all of them do; what is under way is left as it is."""
    id = told(more, verdict())
    shown(more)
    told(more, update("one", "whole"), id=id)
    more.record_sent(1, 500, NOW)
    told(more, update("one, two"), id=id)
    assert shown(more) == [(2, "one, two", None, 500)]
    told(more, update("one, two, three"), id=id)
    more.record_sent(2, 501, NOW)
    assert shown(more) == [(4, "one, two, three", None, 500)]


def test_what_replaced_a_first_message_is_edited_from_then_on(more: Store) -> None:
    """The first one was deleted, and an edit sent in its place; without a first message an edit stands alone."""
    id = told(more, verdict())
    shown(more)
    more.record_sent(1, 500, NOW)
    told(more, edit("edit"), id=id)
    shown(more, MINUTE)
    more.record_sent(2, 777, NOW + MINUTE)
    told(more, update("update"), id=id)
    assert shown(more, 2 * MINUTE) == [(3, "update", None, 777)]
    more.record_sent(3, 778, NOW + 2 * MINUTE)
    told(more, edit("edit 2"), id=id, at=2 * MINUTE)
    assert shown(more, 10 * MINUTE - TICK) == []
    assert shown(more, 10 * MINUTE) == [(4, "edit 2", 777, None)]
    other = told(more, verdict("2"))
    more.record_failed(more.claim_messages(NOW, "me", LEASE, 10)[0].id, "blocked", None, 1)
    told(more, replace(edit("alone"), chat="2"), id=other)
    assert [m.edits for m in more.claim_messages(NOW + MINUTE, "me", LEASE, 10) if m.chat == "2"] == [None]


def test_an_old_edit_is_not_tried_again(more: Store) -> None:
    """A dead letter that a newer edit overtook stays dead."""
    id = told(more, verdict())
    shown(more)
    more.record_sent(1, 500, NOW)
    told(more, edit("old"), id=id)
    shown(more, MINUTE)
    more.record_failed(2, "no", None, 1)
    told(more, edit("new"), id=id)
    assert more.requeue(NOW) == 0
    shown(more, 2 * MINUTE)
    more.record_failed(3, "no", None, 1)
    assert more.requeue(NOW) == 1
    assert shown(more, 2 * MINUTE) == [(3, "new", 500, None)]


def test_a_clock_set_back_holds_no_message(store: Store) -> None:
    """What was queued in the future is due, once; then it has its lease like any."""
    store.enqueue(["1"], HI, NOW + 60 * MINUTE)
    assert claim(store) == [(1, "1")]
    assert claim(store) == []
    store.record_failed(1, "busy", NOW + MINUTE, 1)
    assert claim(store, MINUTE - TICK) == []
    assert claim(store, MINUTE) == [(1, "1")]
