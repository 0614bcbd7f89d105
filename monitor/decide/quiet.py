"""Quiet hours: whether a moment lies in them, and when they end. Follows the zone's changes of the clock."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

DAY = timedelta(days=1)


def quiet_until(now: datetime, start: time, end: time, zone: tzinfo) -> datetime | None:
    """When the quiet hours that `now` lies in end, or None if it lies in none.

    They are from `start` on the clock, inclusive, to the next `end`, exclusive; the same time twice means never. An
    hour that comes twice is quiet both times; one that is left out counts as the hour after it (RFC 5545, 3.3.5).
    """
    today = now.astimezone(zone).date()
    for day in (today - DAY, today):
        begins = _moment(day, start, zone, 0)
        ends = max(_moment(day if start <= end else day + DAY, end, zone, fold) for fold in (0, 1))
        if begins <= now < ends:
            return ends
    return None


def _moment(day: date, at: time, zone: tzinfo, fold: int) -> datetime:
    return datetime.combine(day, at.replace(fold=fold), zone).astimezone(UTC)
