"""What all tests share: the databases, and the Telegram emulator."""

from databases import postgres, url
from emulator import emulator

__all__ = ["emulator", "postgres", "url"]
