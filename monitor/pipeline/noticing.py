"""What admins are told of the program itself: to whom it goes, and its way into the outbox."""

from datetime import datetime

from monitor.config import Config
from monitor.render import notice
from monitor.store import Store


def admins(config: Config) -> tuple[tuple[str, int | None], ...]:
    """Who is told what is wrong with the daemon and what was changed, each chat with its topic.

    Chats and services marked `admin`, and the private chats of `telegram.admins` (there a chat's number is its user's).
    Whether there is a token is not asked: the terminal that runs `tune` may lack it, the daemon that delivers has it.
    """
    users = set(config.telegram.admins)
    told: list[tuple[str, int | None]] = [
        (str(chat.id), chat.thread) for chat in config.telegram.chats if chat.admin or chat.id in users
    ]
    return (*told, *((service.chat, None) for service in config.notify if service.admin))


def tell_admins(store: Store, config: Config, text: str, now: datetime, but: str = "") -> bool:
    """Queue a notice of a change, without a sound, for the admins but for the chat `but`; whether anybody is told."""
    told = [(chat, thread) for chat, thread in admins(config) if chat != but]
    for chat, thread in told:
        store.enqueue([chat], notice(text), now, silent=True, thread=thread)
    return bool(told)
