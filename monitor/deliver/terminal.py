"""Shows messages on a terminal, or writes them to a file or pipe. Sends nothing."""

import asyncio
from typing import TextIO

from monitor.domain import Kind, Message, Severity
from monitor.errors import DeliveryError

STYLES = {
    Severity.WATCH: "bold blue",
    Severity.TENSION: "bold yellow",
    Severity.SERIOUS: "bold dark_orange",
    Severity.CRITICAL: "bold red",
}
FAINT = ("http://", "https://", "Why: ")


class Terminal:
    """A Sender that prints; in colour where the stream is a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    async def send(self, message: Message) -> int | None:
        """Print the message's plain form with an empty line after it; edits are not shown, what was printed stays.

        An update is set in, under the alert that it belongs to.
        """
        if message.kind is Kind.EDIT:
            return None
        try:
            # A pipe that nobody reads blocks: not the event loop.
            await asyncio.to_thread(self._print, message)
        except (OSError, ValueError) as error:
            raise DeliveryError(f"the output cannot be written: {error}", permanent=False) from error
        return None

    def _print(self, message: Message) -> None:
        from rich.console import Console
        from rich.text import Text

        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        plain = message.text.plain.encode(encoding, "replace").decode(encoding)
        heading, _, rest = plain.partition("\n")
        under = "  " if message.kind is Kind.UPDATE else ""
        console = Console(file=self._stream, highlight=False, soft_wrap=True, emoji=False, markup=False)
        shown = Text()
        shown.append(f"↳ {heading}" if under else heading, STYLES.get(message.severity or Severity.NONE, "bold"))
        for line in rest.splitlines():
            shown.append(f"\n{under}{line}", "dim" if line.startswith(FAINT) else "")
        console.print(shown, end="\n\n")
        self._stream.flush()
