"""Who is told of the program itself, as the configuration says it."""

from monitor.config.model import Config


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
