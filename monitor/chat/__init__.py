"""The bot as people use it: what they write and press, who may, what it does, and the answers."""

from monitor.chat.desk import Desk
from monitor.chat.listening import Listener

__all__ = ["Desk", "Listener"]
