"""What admins are told of the program itself: its way into the outbox."""

from datetime import datetime

from monitor.config import Config, admins
from monitor.render import notice
from monitor.store import Store


def tell_admins(store: Store, config: Config, text: str, now: datetime, but: str = "") -> bool:
    """Queue a notice of a change, without a sound, for the admins but for the chat `but`; whether anybody is told."""
    told = [(chat, thread) for chat, thread in admins(config) if chat != but]
    for chat, thread in told:
        store.enqueue([chat], notice(text), now, silent=True, thread=thread)
    return bool(told)
