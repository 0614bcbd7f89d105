"""The program's own errors; each says whether trying again could help. Nothing here acts on them."""

from datetime import timedelta


class MonitorError(Exception):
    """Something that a user should read as one sentence; never shown as a traceback."""

    permanent: bool = True


class ConfigError(MonitorError):
    """A mistake in the configuration; the message names the file, the line and the key."""


class UnwritableError(ConfigError):
    """A file of the configuration cannot be written; the message names its path, `file` is its name alone.

    `locked` says that it is read-only for the program; else `why` says what was in the way.
    """

    def __init__(self, message: str, file: str, why: str, *, locked: bool) -> None:
        super().__init__(message)
        self.file, self.why, self.locked = file, why, locked


class StoreError(MonitorError):
    """The database cannot be used: newer than the program, unreadable, or not reachable."""


class ModelError(MonitorError):
    """The classifier's files are missing, damaged or of another form."""


class InputError(MonitorError):
    """A file or text given on the command line cannot be used; the message names the line."""


class DeliveryError(MonitorError):
    """A message was not accepted; `permanent` says whether the same message could be accepted later.

    `retry_after` is the time the other side asked for, if it did. `unparsable` says that the formatted text was
    refused, so that the plain form is worth a try, `no_topic` that the chat has no such topic open, so that the chat
    itself is. `barred` says that the chat takes nothing until somebody there lets it; `moved_to` is the chat that took
    the place of this one.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool,
        retry_after: timedelta | None = None,
        unparsable: bool = False,
        no_topic: bool = False,
        barred: bool = False,
        moved_to: str | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after
        self.unparsable = unparsable
        self.no_topic = no_topic
        self.barred = barred
        self.moved_to = moved_to
