"""How single values are written and checked: durations, addresses, codes; complaints say what was expected."""

import re
import unicodedata
from datetime import time, timedelta
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import SecretStr
from pydantic_core import PydanticCustomError

from monitor.domain import EventType, Severity

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
# ISO 3166-1 alpha-2, and XK as the European Union uses it.
COUNTRIES = frozenset(
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY "
    "BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK "
    "FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR "
    "IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK "
    "ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM "
    "PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF "
    "TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW".split()
)
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")
# What ISO 639-1 names (but for `sh`, which nothing is told in), and languages of the region that it does not.
LANGUAGES = frozenset(
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo "
    "es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka "
    "kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng "
    "nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su "
    "sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu "
    "cnr rom rup mul und".split()
)
DATABASE = re.compile(r"sqlite:///(?!(file:)?:memory:)[^?]*[^/?](\?\S*)?|postgresql(\+psycopg)?://\S+")
LARGEST_ID = 2**52
"""Telegram's ids have 52 bits at most."""
HOST = re.compile(r"([^\W_]|[^\W_][\w-]{0,61}\w)(\.([^\W_]|[^\W_][\w-]{0,61}\w))*\.?|_[\w.-]+")
HOST_PREFIXES = re.compile(r"^(www|rss|feeds?|api|news)\.")


def parse_duration(value: object) -> timedelta:
    """Read a duration: `90s`, `10m`, `12h`, `7d`, or a number of seconds."""
    if isinstance(value, timedelta):
        return value
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*([smhdw])", value) if isinstance(value, str) else []
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return timedelta(seconds=value)
        if parts and re.sub(r"\s", "", str(value)) == "".join(number + unit for number, unit in parts):
            return sum((timedelta(**{UNITS[unit]: float(number)}) for number, unit in parts), timedelta())
    except (OverflowError, ValueError):
        pass
    raise PydanticCustomError("duration", "expected a duration such as 30s, 10m, 12h or 7d")


def format_duration(value: timedelta) -> str:
    """Write a duration as it would be written in YAML, to the second."""
    seconds = int(value.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def parse_clock(value: object) -> time:
    """Read a time of day, `22:00`; a plain number is none, for it could be hours or minutes."""
    if isinstance(value, time):
        return value
    if isinstance(value, str) and re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", value):
        hours, _, minutes = value.partition(":")
        return time(int(hours), int(minutes))
    raise PydanticCustomError("clock", 'expected a time of day with its minutes, such as "22:00"')


def parse_type(value: object) -> EventType:
    """Read an event type by its name."""
    try:
        return EventType(value)  # type: ignore[arg-type]  # what is no name is refused
    except ValueError:
        known = ", ".join(EventType)
        raise PydanticCustomError("event_type", "expected one of {known}", {"known": known}) from None


def parse_level(value: object) -> object:
    """Read a severity by its number or its name; what is neither is left to be refused as no number."""
    named = {level.name.lower(): int(level) for level in Severity}
    return named.get(value, value) if isinstance(value, str) else value


def check_country(value: str) -> str:
    """Accept an ISO 3166 code."""
    if value not in COUNTRIES:
        raise PydanticCustomError("country", "expected a two-letter ISO 3166 country code such as RS, or XK for Kosovo")
    return value


def check_language(value: str) -> str:
    """Accept a BCP 47 tag."""
    if not LANGUAGE.fullmatch(value) or value.partition("-")[0] not in LANGUAGES:
        wanted = "expected a BCP 47 language tag such as sq, sr, sr-Cyrl, bs, hr, cnr, mk or en"
        raise PydanticCustomError("language", wanted)
    return value


def check_timezone(value: str) -> str:
    """Accept an IANA name."""
    if value not in available_timezones():
        raise PydanticCustomError("timezone", "expected an IANA time zone such as Europe/Belgrade")
    return value


def check_database(value: str) -> str:
    """Accept the databases that the program can use, and that outlast it."""
    if not DATABASE.fullmatch(value) or "mode=memory" in value or not _has_good_ports(value):
        wanted = "expected sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
        raise PydanticCustomError("database", wanted)
    return value


def _has_good_ports(url: str) -> bool:
    """Whether the ports of a database's address, which may name several hosts, are ports; a file has none."""
    if url.startswith("sqlite"):
        return True
    hosts = re.split(r"[/?]", url.partition("://")[2].rpartition("@")[2])[0]
    return all(re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^:]*)(:\d{1,5})?", host) for host in hosts.split(",")) and all(
        0 < int(port) < 65536 for port in re.findall(r":(\d{1,5})(?=,|$)", hosts)
    )


def is_address(value: str) -> bool:
    """Whether it is an http or https address whose host and port can be."""
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
        good = parts.scheme in {"http", "https"} and value.isprintable() and not re.search(r"\s", value)
        good = good and (parts.port is None or parts.port > 0) and not parts.netloc.endswith(":")
        return good and (":" in host or (len(host) <= 253 and HOST.fullmatch(host) is not None))
    except ValueError:
        return False


def check_feed_url(value: str) -> str:
    """Accept an http or https address with a host."""
    if not is_address(value):
        raise PydanticCustomError("feed_url", "expected an address that starts with http:// or https:// and has a host")
    return value


def check_webhook_url(value: str) -> str:
    """Accept the public address that Telegram can bring updates to."""
    if not is_address(value) or not value.startswith("https://") or re.search("[?#]", value):
        raise PydanticCustomError("webhook_url", "expected an address such as https://monitor.example/hook")
    return value


def check_listen(value: str) -> str:
    """Accept a host and a port to serve at."""
    host, _, port = value.rpartition(":")
    good = re.fullmatch(r"\d{1,5}", port) is not None and 0 < int(port) < 65536
    if not good or not (HOST.fullmatch(host) or re.fullmatch(r"\[[0-9a-fA-F:.]+\]", host)):
        raise PydanticCustomError("listen", "expected a host and a port of 1 to 65535, such as 127.0.0.1:8443")
    return value


def check_user_agent(value: str) -> str:
    """Accept what can be sent in an HTTP header."""
    if not value.strip() or not value.isascii() or not value.isprintable():
        raise PydanticCustomError("user_agent", "expected one line of ASCII text, such as my-monitor/1.0")
    return value


def check_name(value: str) -> str:
    """Accept a name that can be shown in a line."""
    if not value.strip() or not value.isprintable():
        raise PydanticCustomError("name", "expected one line of text")
    return value


def check_service_name(value: str) -> str:
    """Accept what lists, logs and the outbox can call a service."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", value):
        wanted = "expected at most 40 small letters, digits, - and _, such as desk"
        raise PydanticCustomError("service_name", wanted)
    return value


def check_service(value: SecretStr) -> SecretStr:
    """Accept what has the form of an address, or names the variable that holds it; Apprise reads it later."""
    if not re.fullmatch(r"([a-z][a-z0-9]*://|\$\{\w+\})\S*", value.get_secret_value()):
        raise PydanticCustomError("service", "expected an Apprise address such as ntfy://host/topic, or ${NAME}")
    return value


def check_secret_url(value: SecretStr) -> SecretStr:
    """Accept an http or https address, or one that names the variable that holds it."""
    if not value.get_secret_value().startswith("${"):
        check_feed_url(value.get_secret_value())
    return value


def family(url: str) -> str:
    """The publisher that an address belongs to, where none was configured: its host without `www.` and the like."""
    host = urlsplit(url).hostname or url
    return HOST_PREFIXES.sub("", host)


def chat_id(value: object) -> int | str:
    """Accept a chat's number (also quoted), or the @name of a public channel."""
    if isinstance(value, str) and re.fullmatch(r"-?[1-9]\d{0,15}", value):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 < abs(value) < LARGEST_ID:
        return value
    if isinstance(value, str) and re.fullmatch(r"@[A-Za-z][A-Za-z0-9_]{3,31}", value):
        return value
    raise PydanticCustomError("chat_id", "expected a chat's number such as -1001234567890, or a channel's @name")


def _without_signs(word: str) -> str:
    """The word without accents and the soft sign, which are nothing to the matcher."""
    parts = unicodedata.normalize("NFKD", word.casefold())
    return "".join(part for part in parts if part != "ь" and unicodedata.category(part)[0] not in "MC")


def check_match(value: str) -> str:
    """Accept a keyword that matches something, and not everything."""
    words = value.split()
    if not any(character.isalnum() for character in value):
        raise PydanticCustomError(
            "match", "expected a word, a phrase or a stem with *; this would match nothing or everything"
        )
    for word in words:
        stem = word.removesuffix("*")
        if "*" in stem:
            raise PydanticCustomError("match", "expected * only at the end of a word")
        if stem != word and len(re.split(r"[\W_]", _without_signs(stem))[-1]) < 2:
            raise PydanticCustomError("match", "expected at least two letters before *")
    return value
