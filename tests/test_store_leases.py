"""Leases: who holds what, whose holder is dead, and that what the dead held is due at once."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from samples import LEASE, NOW, SOURCE

from monitor.domain import Source, Text
from monitor.store import Store, this_process
from monitor.store.leases import is_dead

HI = Text("<b>hi</b>", "hi")
OTHER = Source("Zora", "https://zora.example/feed")


def gone() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize(
    ("owner", "dead"),
    [
        ("here:{gone}:a", True),
        ("here:{gone}", True),
        ("elsewhere:{gone}:a", False),
        ("here:{me}:mine", False),
        ("here:{me}:predecessor", True),
        ("here:1:a", False),
        ("here:99999999999999999999:a", False),
        ("here:x:a", False),
        ("here", False),
        ("", False),
    ],
)
def test_only_a_process_of_this_host_is_known_to_be_dead(owner: str, dead: bool) -> None:
    """Its id belongs to nobody, or to us; of anything else nothing is known."""
    me = f"here:{os.getpid()}:mine"
    assert is_dead(owner.format(gone=gone(), me=os.getpid()), me) is dead


def test_this_process_has_one_name() -> None:
    """Asked again it is the same, and it is not dead."""
    assert this_process() == this_process()
    assert not is_dead(this_process(), this_process())


def test_what_the_dead_held_is_due_at_once(url: str) -> None:
    """Their feeds and messages are due now; those of the living and of other hosts keep their leases."""
    store, me = Store(url), this_process()
    store.migrate()
    store.sync_feeds([SOURCE, OTHER], NOW)
    host, _, _ = me.split(":")
    dead = f"{host}:{gone()}:x"
    store.enqueue(["1", "2", "3"], HI, NOW)
    assert [feed.name for feed in store.due_feeds(NOW, 1, LEASE, dead)] == ["Glas"]
    assert [feed.name for feed in store.due_feeds(NOW, 1, LEASE, me)] == ["Zora"]
    assert [m.chat for m in store.claim_messages(NOW, dead, LEASE, 1)] == ["1"]
    assert [m.chat for m in store.claim_messages(NOW, "elsewhere:1:x", LEASE, 1)] == ["2"]
    assert [m.chat for m in store.claim_messages(NOW, me, LEASE, 1)] == ["3"]
    later = NOW + timedelta(seconds=1)
    assert store.release_dead(me, later) == 2
    assert store.release_dead(me, later) == 0
    assert [feed.name for feed in store.due_feeds(later, 10, LEASE, me)] == ["Glas"]
    assert [m.chat for m in store.claim_messages(later, me, LEASE, 10)] == ["1"]
    assert store.release(me, later) == 4
    store.close()


def test_a_disabled_feed_stays_so_when_its_lease_is_released(url: str) -> None:
    """Releasing makes nothing due that the configuration has switched off meanwhile."""
    store = Store(url)
    store.migrate()
    store.sync_feeds([SOURCE], NOW)
    store.due_feeds(NOW, 1, LEASE, "a")
    store.sync_feeds([], NOW)
    assert store.release("a", NOW) == 1
    assert store.due_feeds(NOW + 2 * LEASE, 1, LEASE) == []
    store.close()


def test_a_settled_message_is_not_released(url: str) -> None:
    """What was sent, or refused for good, stays so."""
    store = Store(url)
    store.migrate()
    store.enqueue(["1", "2"], HI, NOW)
    store.claim_messages(NOW, "a", LEASE, 2)
    store.record_sent(1, 5, NOW)
    store.record_failed(2, "no", None, 1)
    assert store.release("a", NOW) == 0
    store.close()
