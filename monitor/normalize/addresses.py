"""Addresses of articles: the form that people open, and the form by which the same article is recognised."""

import re
from urllib.parse import urlsplit, urlunsplit

from url_normalize import url_normalize

# Parameters that say where a reader came from, never what the reader gets.
TRACKING = re.compile(
    r"(?:utm_\w+|at_(?:medium|campaign|custom\d?|link\w*|bbc\w*|ptr\w*|format|content|term|source|creation)"
    r"|fb(?:clid|_\w+)|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|igshid|igsh|mc_[ce]id|mkt_tok|_hs\w+"
    r"|hss_channel|ns_(?:mchannel|source|campaign|linkname|fee)|cmpid|cmp|wt_mc|wtmc|ito|icid|ocid|ncid|xtor|sr_share"
    r"|smid|smtyp|pk_\w+|mtm_\w+|matomo_\w+|piwik_\w+|ref_src|ref_url|traffic_source|soc_(?:src|trk)|feature=share"
    r"|s_cid|spm|vero_\w+|oly_\w+_id|__twitter_impression|amp_?js_v|guce_\w+|guccounter|maca|rss_?id)",
    re.IGNORECASE,
)
# Parameters that are tracking only with such values.
FROM_FEED = re.compile(
    r"(?:ref|source|from|src|via|origin)=(?:rss|feed|atom|twitter|facebook|telegram)\w*", re.IGNORECASE
)
LONGEST = 2_000
# Nothing in such an address could be written otherwise.
SIMPLE = re.compile(r"https?://[a-z0-9.-]+(?:/[\w.~!$&'()*+,;=:@-]+)*/?(?:\?[\w.~!$&'()*+,;=:@/?-]*)?", re.ASCII)


def open_form(url: str) -> str:
    """An address without fragment and tracking, in normal form; '' if it is no http address."""
    text = url.strip()
    try:
        parts = urlsplit(text)
        if parts.scheme.lower() not in {"http", "https"} or not parts.hostname or len(text) > LONGEST:
            return ""
        clean = urlunsplit((parts.scheme, parts.netloc, parts.path, _kept(parts.query), ""))
        if SIMPLE.fullmatch(clean) and parts.path and "/." not in clean:
            return clean  # the common case, forty times as fast
        return url_normalize(clean) or ""
    except (ValueError, UnicodeError):
        return ""


def _kept(query: str) -> str:
    pairs = [pair for pair in query.split("&") if pair]
    return "&".join(
        pair for pair in pairs if not TRACKING.fullmatch(pair.partition("=")[0]) and not FROM_FEED.fullmatch(pair)
    )


def identity_form(url: str) -> str:
    """What stays the same between an article's addresses: no scheme, no `www.`, no last slash, parameters in order."""
    parts = urlsplit(url)
    host = (parts.netloc.rpartition("@")[2]).removeprefix("www.")
    query = "&".join(sorted(parts.query.split("&"))) if parts.query else ""
    return host + parts.path.rstrip("/") + (f"?{query}" if query else "")
