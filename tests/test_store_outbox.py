"""The outbox: who may deliver what, when, and in which order."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from samples import LEASE, MINUTE, NOW, filled, outcome, story, verdict

from monitor.domain import Message, Severity, Text
from monitor.store import Kind, Status, Store

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
    """Text, story, severity, thread, silence."""
    told = verdict("-5", silent=True, thread=7)
    id = store.commit([outcome(store.unjudged(1)[0], told, about=story())], NOW)[-1]
    (message,) = store.claim_messages(NOW, "me", LEASE, 10)
    text = Text("<b>alert</b>", "alert")
    assert message == Message(1, "-5", text, 0, True, None, 7, id, Severity.SERIOUS, NOW)


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
    """A message whose sender died is sent again, exactly when the lease ends; renewing puts that off."""
    store.enqueue(["1"], HI, NOW)
    claim(store)
    store.renew([1], "other", NOW + 10 * LEASE)
    assert claim(store, LEASE - TICK) == []
    store.renew([1], "me", NOW + LEASE + MINUTE)
    assert claim(store, LEASE) == []
    assert claim(store, LEASE + MINUTE) == [(1, "1")]


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
    store.commit([outcome(two, *update, about=replace(story(id), articles=2))], NOW)
    claim(store)
    store.record_sent(1, 555, NOW)
    store.record_failed(2, "blocked", None, 1)
    assert [(m.chat, m.reply_to) for m in store.claim_messages(NOW, "me", LEASE, 10)] == [("1", 555), ("2", None)]


def test_recent_sends_are_known(store: Store) -> None:
    """By time, since a moment, so that a restart keeps within the other side's limits."""
    store.enqueue(["1", "2", "3"], HI, NOW)
    for id, at in [(1, NOW + MINUTE), (2, NOW), (3, NOW - TICK)]:
        store.record_sent(id, None, at)
    assert store.sends(NOW) == [("2", NOW), ("1", NOW + MINUTE)]


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
