"""The configuration of groups that became supergroups: the file has the old id, Telegram knows only the new one."""

from collections.abc import Mapping

from monitor.config.model import Config


def follow(config: Config, moves: Mapping[str, str]) -> Config:
    """The configuration with the ids that groups have now; `moves` gives them by their old ids.

    Where both ids are configured, the entry of the new one holds.
    """
    written = {str(chat.id) for chat in config.telegram.chats}
    gone = {old: new for old, new in moves.items() if old in written}
    if not gone:
        return config
    chats = tuple(
        chat.model_copy(update={"id": int(gone[str(chat.id)])}) if str(chat.id) in gone else chat
        for chat in config.telegram.chats
        if gone.get(str(chat.id)) not in written
    )
    digest = tuple(dict.fromkeys(int(gone[str(chat)]) if str(chat) in gone else chat for chat in config.digest.chats))
    return config.model_copy(
        update={
            "telegram": config.telegram.model_copy(update={"chats": chats}),
            "digest": config.digest.model_copy(update={"chats": digest}),
        }
    )
