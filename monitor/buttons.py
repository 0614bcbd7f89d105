"""A button's data: what it does, written small and signed, so that it can be read weeks later and not be forged.

The data carries numbers only, at most 64 bytes as Telegram wants it. The key comes from the bot's token: another bot's
buttons are refused, and so are those of an earlier token.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode

from monitor.domain import Action, Press

SIGNATURE = 16
"""Characters of the signature, 6 bits each."""
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
LARGEST = 2**63


def key(token: str) -> bytes:
    """The key that a bot's buttons are signed with."""
    return hashlib.sha256(b"balkan-monitor buttons\0" + token.encode()).digest()


def write(press: Press, key: bytes) -> str:
    """The data of a button."""
    said = f"{press.action.value}.{_based(press.article)}.{_based(press.story)}"
    return f"{said}.{_signature(said, key)}"


def read(data: str, key: bytes) -> Press | None:
    """What a button does, or None where the data was not written with this key."""
    said, _, signature = data.rpartition(".")
    if not hmac.compare_digest(signature.encode("utf-8", "replace"), _signature(said, key).encode()):
        return None
    action, article, story = said.split(".")
    return Press(Action(action), int(article, 36), int(story, 36))


def _signature(said: str, key: bytes) -> str:
    made = hmac.new(key, said.encode("utf-8", "replace"), hashlib.sha256).digest()
    return urlsafe_b64encode(made).decode()[:SIGNATURE]


def _based(number: int) -> str:
    """The number in base 36."""
    if not 0 <= number < LARGEST:
        raise ValueError(f"{number} is no number of a row")
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = DIGITS[digit] + digits
    return digits or "0"
