"""The digest and the index's crossing: how they read, and that they can be sent whatever a feed wrote."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from samples import NOW
from telegram_html import parse_html

from monitor.domain import Failure, Reason, Severity
from monitor.render import LIMIT, Digest, Led, Missed, Reader, Standing, Told, Trouble, crossing, digest, units

BELGRADE = Reader(ZoneInfo("Europe/Belgrade"))


def test_a_quiet_day_is_short() -> None:
    """It says what was read, and that all is well."""
    text = digest(Digest(NOW, (), (Standing("XK", 0),), (), (), 4812, 0, 107), BELGRADE)
    assert text.plain == (
        "📋 DAILY DIGEST\n29 Sep 2023, 18:40 CEST · 4,812 articles read, 0 messages sent\n\n"
        "No stories: nothing was told\n\nIndex: every country is at its normal\n\nAll 107 feeds are read"
    )
    assert parse_html(text.html).text == text.plain


def test_the_index_says_where_it_turns() -> None:
    """Up, down or as before, with its size and the day before's."""
    rows = (
        Standing("XK-RS", 3, 2, 12.34, 3.06, 60, 9.0),
        Standing("BA", 1, 1, 2.0, None),
        Standing("ME", 0, 1, None, None),
        Standing("HR", 0, 0, 1.0, 1.0),
    )
    assert digest(Digest(NOW, (), rows, (), (), 1, 1, 1), BELGRADE).plain.splitlines()[5:9] == [
        "Index",
        "🔴 🇽🇰🇷🇸 Kosovo–Serbia: extreme ▲, 12× its normal (3.1× a day before)",
        "🟡 🇧🇦 Bosnia and Herzegovina: elevated =, 2.0× its normal",
        "⚪ 🇲🇪 Montenegro: normal ▼",
    ]


def test_a_crossing_reads_well() -> None:
    """What, since when, how much, and by which stories."""
    rows = (Standing("XK-RS", 2, 0, 3.14, None, 60, 5.2), Standing("RS", 1, 0, None, None, 1, 3.0))
    text = crossing(rows, [Led("Shots <near> Zvečan", "https://a.example/1"), Led("No address")], NOW, BELGRADE)
    assert text.html.splitlines() == [
        "🟠 <b>HIGH</b> · escalation index",
        "<b>🇽🇰🇷🇸 Kosovo–Serbia: highest in 60 days, 3.1 times its normal</b>",
        "🇷🇸 Serbia: its normal is near nothing",
        '• <a href="https://a.example/1">Shots &lt;near&gt; Zvečan</a>',
        "• No address",
        "<i>Why: 5.2 deviations above its 90 days · 29 Sep 2023, 18:40 CEST</i>",
    ]
    assert parse_html(text.html).text == text.plain
    down = crossing((Standing("XK", 0, 2, 1.0),), [Led("x")], NOW, BELGRADE).plain.splitlines()
    assert down[:2] == ["⚪ NORMAL · escalation index", "🇽🇰 Kosovo: back to normal"]
    assert len(down) == 3


def test_the_longest_digest_fits() -> None:
    """Everything at its longest is one message, with what is most important in it."""
    long, url = "ш😀" * 3000, "https://g.example/" + "x" * 1400
    day = Digest(
        NOW,
        [Told(long, url, Severity.CRITICAL, ("BA", "MK", "ME", "RS"), 10**6)] * 99,
        [Standing("BA-HR", 3, 0, 123.4, 1.0)] * 40,
        [Missed(long, url, 0.5, Reason.NOT_REQUIRED, long)] * 99,
        [Trouble(long, Failure.ENCODING, timedelta(days=400))] * 99,
        10**9,
        10**6,
        999,
    )
    text = digest(day, BELGRADE)
    parsed = parse_html(text.html)
    assert 2000 < units(parsed.text) <= LIMIT
    assert parsed.text == text.plain
    assert text.plain.count("🔴") >= 8
    assert "and 91 more" in text.plain


anything = st.text(max_size=400) | st.sampled_from(["<b>", "&amp;", "\ud83d", "\u202e", "https://x.example/ y", ""])


@settings(max_examples=150, deadline=None)
@given(anything, anything, anything)
def test_any_text_makes_a_valid_digest(title: str, url: str, name: str) -> None:
    """Whatever feeds and rules are called."""
    day = Digest(
        NOW,
        [Told(title, url, Severity.WATCH, (), 1)],
        [Standing("XK", 1, 0)],
        [Missed(title, url, 0.1, Reason.MUTED, name)],
        [Trouble(name, Failure.TLS, None)],
        1,
        1,
        1,
    )
    text = digest(day, BELGRADE)
    assert parse_html(text.html).text == text.plain
    text.plain.encode("utf-8")
    crossed = crossing((Standing("XK", 1),), [Led(title, url)], NOW, BELGRADE)
    assert parse_html(crossed.html).text == crossed.plain
