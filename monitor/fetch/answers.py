"""What an answer or a breakdown means: HTTP statuses, headers and exceptions as named failures with a calm sentence."""

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpcore
import httpx

from monitor.domain import Failure
from monitor.fetch.addresses import PrivateAddressError, UnknownHostError
from monitor.fetch.decoding import CodingError, TooLargeError

REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})
WALLS = frozenset({401, 403, 407, 451})
LONGEST_WAIT = timedelta(days=30)
MAX_VALIDATOR = 1000
BAD_TARGET = "the redirect leads to an address that is not valid"


class RefusedError(Exception):
    """A fetch that ends here, and why."""

    def __init__(self, failure: Failure, detail: str) -> None:
        super().__init__(detail)
        self.failure = failure
        self.detail = detail


def phrase(status: int) -> str:
    """A status as people know it: '404 Not Found'."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def refusal(status: int, headers: Mapping[str, str]) -> Failure:
    """The failure that a status other than success, redirect and 304 stands for."""
    if status in WALLS or headers.get("cf-mitigated") == "challenge":
        return Failure.FORBIDDEN
    if status == HTTPStatus.GONE:
        return Failure.GONE
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Failure.RATE_LIMITED
    if status == HTTPStatus.SERVICE_UNAVAILABLE and "retry-after" in headers:
        return Failure.RATE_LIMITED
    return Failure.HTTP


def refusal_detail(status: int, headers: Mapping[str, str]) -> str:
    """The sentence that goes with it."""
    challenge = headers.get("cf-mitigated") == "challenge"
    return f"the server answers {phrase(status)}" + (" (a Cloudflare challenge)" if challenge else "")


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """The wait that a server asks for, in seconds or until a date by its own clock; never negative."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value[:10]), LONGEST_WAIT.total_seconds()))
    until = http_date(value)
    if until is None:
        return None
    return min(max(until - (http_date(headers.get("date", "")) or now), timedelta()), LONGEST_WAIT)


def http_date(value: str) -> datetime | None:
    """An HTTP date as aware UTC, or None if it is none."""
    try:
        parsed = parsedate_to_datetime(value)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def validator(value: str | None) -> str | None:
    """An ETag or Last-Modified that can be sent back as it came, else None."""
    good = value and len(value) <= MAX_VALIDATOR and value.isascii() and value.isprintable()
    return value if good else None


def explain(error: Exception, seconds: float, limit: int) -> tuple[Failure, str]:
    """Name what broke during a fetch, whatever it was."""
    if isinstance(error, RefusedError):
        return error.failure, error.detail
    if isinstance(error, TimeoutError | httpcore.TimeoutException):
        return Failure.TIMEOUT, f"no complete answer within {seconds:g} s"
    if isinstance(error, TooLargeError):
        return Failure.TOO_LARGE, f"more than {limit:,} bytes"
    if isinstance(error, CodingError):
        return Failure.ENCODING, str(error)
    if isinstance(error, PrivateAddressError):
        return Failure.PRIVATE_ADDRESS, f"{error} is not a public address (see polling.allow_private)"
    if isinstance(error, UnknownHostError):
        return Failure.UNREACHABLE, f"the name {error} is not known"
    if (broken := _tls(error)) is not None:
        return Failure.TLS, broken
    return Failure.UNREACHABLE, _unreachable(error)


def _tls(error: BaseException) -> str | None:
    """What the TLS layer said, if it is behind an exception."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return f"the certificate is not accepted: {seen.verify_message}"
        if isinstance(seen, ssl.SSLError):
            return f"no secure connection: {(seen.reason or str(seen)).lower().replace('_', ' ')}"
        seen = seen.__cause__ or seen.__context__
    return None


def _unreachable(error: Exception) -> str:
    if isinstance(error, httpcore.ConnectError | OSError):
        return "no connection to the server"
    if isinstance(error, httpx.InvalidURL | UnicodeError | httpcore.UnsupportedProtocol):
        return "the address is not valid"
    if isinstance(error, httpcore.NetworkError) or "disconnected" in str(error):
        return "the server closed the connection"
    return f"the answer is not valid HTTP ({type(error).__name__})"
