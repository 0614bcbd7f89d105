"""Times as feeds write them -> aware UTC. What cannot be read is None, never a guess."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
# Zones that mail software does not know, in hours before UTC.
ZONES = {
    "CET": 1, "CEST": 2, "MET": 1, "MEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3, "TRT": 3,
    "WET": 0, "WEST": 1, "BST": 1, "UTC": 0, "GMT": 0, "UT": 0, "Z": 0,
}  # fmt: skip
ZONE_NAME = re.compile(r"\b([A-Z]{1,5})\.?$")
# 'GMT+2', 'UTC+02:00', '+2', '+02:00', '+02' at the end.
OFFSET = re.compile(r"(?:\s|\b(?:GMT|UTC)|(?<=:\d\d))([+-])(\d{1,2})(?::?(\d{2}))?$")
# Day first, as the region writes it: 24.11.2026. 15:30
DAY_FIRST = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})\.?(?:[\s,]+u?\s*(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?)?")
RFC_822 = re.compile(r"(?:[A-Za-z]{2,9}\.?,?\s+)?\d{1,2}[\s-]+[A-Za-z]{3,9}\.?,?[\s-]+\d{2,4}\b")
LONGEST = 100


def read_date(text: str, parsed: Sequence[int] | None) -> datetime | None:
    """A time from what stands in the feed, or else from what the feed parser made of it (UTC)."""
    text = " ".join(text.split())[:LONGEST]
    try:
        return _sane(_mail_date(text) or _day_first(text) or _from_fields(parsed))
    except (ValueError, OverflowError, TypeError, IndexError):  # a year 10000, a 35th of May, and their like
        return None


def _sane(moment: datetime | None) -> datetime | None:
    return moment if moment is not None and EARLIEST <= moment <= LATEST else None


def _from_fields(fields: Sequence[int] | None) -> datetime | None:
    """Year, month, day, hour, minute, second in UTC; a leap second counts as the one before."""
    if not fields:
        return None
    year, month, day, hour, minute, second = fields[:6]
    return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)


def _mail_date(text: str) -> datetime | None:
    """RFC 822, with zones by name, with a colon, or none (then UTC)."""
    if not RFC_822.match(text):
        return None
    text, offset = _zone(text)
    fields = parsedate_tz(text)
    if fields is None:
        return None
    moment = _from_fields(fields[:6])
    seconds = timedelta(seconds=fields[9] or 0) if offset is None else offset
    return moment - seconds if moment else None


def _zone(text: str) -> tuple[str, timedelta | None]:
    """The text without a zone at its end that is understood here, and the zone."""
    if (named := ZONE_NAME.search(text)) and named[1] in ZONES:
        return text[: named.start()].strip(), timedelta(hours=ZONES[named[1]])
    if found := OFFSET.search(text):
        sign = -1 if found[1] == "-" else 1
        return text[: found.start()].strip(), sign * timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return text, None


def _day_first(text: str) -> datetime | None:
    found = DAY_FIRST.fullmatch(text)
    if found is None:
        return None
    day, month, year, hour, minute, second = (int(part or 0) for part in found.groups())
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
