"""The terms of the field and of the program: every word that a value may be. Holds no behaviour."""

from enum import IntEnum, StrEnum


class EventType(StrEnum):
    """What an item reports; the terms are defined in seeds/README.md."""

    DEPLOYMENT = "deployment"
    CLASH = "clash"
    WITHDRAWAL_CALL = "withdrawal_call"
    THREAT = "threat"
    UNREST = "unrest"
    ARMS = "arms"
    DEESCALATION = "deescalation"


class Severity(IntEnum):
    """How grave the event is, as reported; the levels are defined in seeds/README.md."""

    NONE = 0
    WATCH = 1
    TENSION = 2
    SERIOUS = 3
    CRITICAL = 4


REGION = ("AL", "BA", "HR", "XK", "ME", "MK", "RS")
"""ISO 3166 codes of the seven countries that are watched (XK for Kosovo)."""


VOICES = 64
"""Independent outlets that a story remembers; one that has so many is told by so many or more."""


class Failure(StrEnum):
    """Why a feed gave nothing."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    HTTP = "http status"
    FORBIDDEN = "forbidden"
    GONE = "gone"
    RATE_LIMITED = "rate limited"
    TOO_LARGE = "too large"
    REDIRECTS = "too many redirects"
    PRIVATE_ADDRESS = "private address"
    ENCODING = "bad content encoding"
    NOT_A_FEED = "not a feed"
    BAD_XML = "bad xml"
    EMPTY = "empty feed"


class Reason(StrEnum):
    """Why a decision was what it was: stored, shown, counted."""

    FIRST = "first"
    ESCALATED = "escalated"
    ALWAYS = "always"
    IRRELEVANT = "irrelevant"
    MUTED = "muted"
    NOT_REQUIRED = "no required keyword"
    OUT_OF_REGION = "out of region"
    STALE = "stale"
    NOTHING_NEW = "nothing new"
    FAILED = "could not be judged"
    SPREAD = "spread to another camp"
    CONFIRMED = "confirmed"
    DENIED = "denied or retracted"
    DEESCALATED = "de-escalated"
    FLARED = "flares up again"
    GREW = "another outlet"
    UNCORROBORATED = "uncorroborated"
    COOLDOWN = "cooldown"
    QUIET = "quiet hours"
    NOT_WANTED = "no rule matches"


class Kind(StrEnum):
    """What a message is: a story's first, a reply to it, that first one in another wording, or several stories told."""

    NEW = "new"
    UPDATE = "update"
    EDIT = "edit"
    SUMMARY = "summary"


class Mark(StrEnum):
    """What an article says of an event that was told before."""

    DENIED = "denied"
    CONFIRMED = "confirmed"
    EASED = "eased"
    FLARED = "flared"
