"""A cleaned feed document in batches of entries, each a small document: one broken entry spoils no others.

The feed parser needs time and memory for every tag, and far more for broken XML. Batches keep what one of them can cost
small, and let a reader stop.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

ENTRY = re.compile(r"<(?:[\w.-]{1,40}:)?(?:item|entry)(?=[\s/>])", re.IGNORECASE)
ENTRY_END = re.compile(r"</(?:[\w.-]{1,40}:)?(?:item|entry)\s{0,100}>", re.IGNORECASE)
ROOT_TAG = re.compile(r"<([A-Za-z][\w.:-]{0,100})(?:\s[^<>]{0,20000})?>")
CHANNEL = re.compile(r"<([\w.-]{0,40}:?channel)(?:\s[^<>]{0,20000})?>", re.IGNORECASE)
CHANNEL_END = re.compile(r"</(?:[\w.-]{1,40}:)?channel\s{0,100}>", re.IGNORECASE)
# Elements without children that no entry is read for; each would cost the feed parser as much as a title.
UNUSED = re.compile(
    r"<(category|comments|enclosure|author|post-id|dc:(?:creator|subject|rights)|wfw:comment(?:Rss)?|slash:comments"
    r"|media:(?:content|thumbnail|credit|keywords|copyright)|itunes:(?!summary)\w{1,20}|georss:\w{1,20})"
    r"(?:\s[^<>]{0,2000})?(?:/>|(?<!/)>[^<]{0,2000}</\1\s{0,9}>)"
)
# A tag this long is an attack on attribute handling.
ENDLESS_TAG = re.compile(r"<[^<>]{20000}")

BATCH_ENTRIES = 100
BATCH_CHARACTERS = 300_000
BATCH_TAGS = 5_000
BATCH_EFFORT = 10
LONGEST_ENTRY = 1_000_000
MOST_TAGS = 20_000
LONGEST_TAIL = 20_000


@dataclass(frozen=True, slots=True)
class Batch:
    """Some of the entries, and what makes a document of them."""

    before: str
    entries: tuple[str, ...]
    after: str

    @property
    def text(self) -> str:
        """The document."""
        return self.before + "".join(self.entries) + self.after

    @property
    def effort(self) -> int:
        """What it takes to read the entries one by one, measured in tags."""
        return sum(entry.count("<") + BATCH_EFFORT for entry in self.entries)

    def singles(self) -> Iterator["Batch"]:
        """Each entry in a document of its own."""
        return (Batch(self.before, (entry,), self.after) for entry in self.entries)


def batches(text: str) -> Iterator[Batch]:
    """The documents, the first with all that the feed says about itself; absurdly large entries are left out."""
    starts = [found.start() for found in ENTRY.finditer(text)]
    if not starts:
        yield _alone(text)
        return
    head, end = text[: starts[0]], _end_of_entries(text, starts[-1])
    opening, closing = _frame(head)
    before = head if _sane(head) else opening
    after = text[end:] if _closes(text[end : end + LONGEST_TAIL + 1], closing) else closing
    for entries in _groups(text, [*starts, end]):
        yield Batch(before, entries, after)
        before, after = opening, closing


def _alone(text: str) -> Batch:
    """A document without entries, as far as it makes sense to look for what is wrong with it."""
    return Batch(text[:BATCH_CHARACTERS] if _sane(text[:BATCH_CHARACTERS]) else text[:1000], (), "")


def _groups(text: str, bounds: list[int]) -> Iterator[tuple[str, ...]]:
    """Neighbouring entries together, until a batch is full."""
    group: list[str] = []
    size = tags = 0
    for start, end in pairwise(bounds):
        entry = text[start:end]
        if len(entry) > LONGEST_ENTRY or not _sane(entry):
            continue
        entry = UNUSED.sub("", entry)
        if group and (len(group) >= BATCH_ENTRIES or size > BATCH_CHARACTERS or tags > BATCH_TAGS):
            yield tuple(group)
            group, size, tags = [], 0, 0
        group.append(entry)
        size, tags = size + len(entry), tags + entry.count("<")
    if group:
        yield tuple(group)


def _sane(text: str) -> bool:
    return text.count("<") <= MOST_TAGS and ENDLESS_TAG.search(text) is None


def _end_of_entries(text: str, last: int) -> int:
    """Where the last entry ends; the end of the document if it is cut off."""
    found = ENTRY_END.search(text, last)
    return found.end() if found else len(text)


def _frame(head: str) -> tuple[str, str]:
    """The tags that surround an entry, opening and closing."""
    root = ROOT_TAG.search(head)
    if root is None:
        return "<rss version='2.0'>", "</rss>"
    opening, closing = root[0], f"</{root[1]}>"
    channel = CHANNEL.search(head, root.end())
    if channel and CHANNEL_END.search(head, channel.end()) is None:
        return opening + channel[0], f"</{channel[1]}>" + closing
    return opening, closing


def _closes(tail: str, closing: str) -> bool:
    """Whether what follows the last entry is short and closes the document as it should."""
    return len(tail) <= LONGEST_TAIL and "".join(tail.split()).endswith(closing)
