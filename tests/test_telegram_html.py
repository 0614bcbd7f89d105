"""The strict parser itself: what Telegram's documentation allows, and what it does not."""

import pytest
from telegram_html import Refused, parse_html


@pytest.mark.parametrize(
    ("html", "text", "entities"),
    [
        ("a &lt;b&gt; &amp; &quot;c&quot; &#39;&#x27;", "a <b> & \"c\" ''", ()),
        ("<b>x <i>y</i></b>", "x y", (("b", ""), ("i", ""))),
        ('<blockquote><b>x</b> <a href="https://a.b/?c=1&amp;d">y</a></blockquote>', "x y",
         (("blockquote", ""), ("b", ""), ("a", "https://a.b/?c=1&d"))),
        ("<b><blockquote expandable>x</blockquote></b>", "x", (("b", ""), ("blockquote", ""))),
        ('<pre><code class="language-python">x</code></pre>', "x", (("pre", ""), ("code", "language-python"))),
        ('<span class="tg-spoiler">x</span><tg-spoiler>y</tg-spoiler>', "xy", (("span", ""), ("tg-spoiler", ""))),
        ('<a href="http://a.b"><b>x</b></a>', "x", (("a", "http://a.b"), ("b", ""))),
        ("😀" * 2048, "😀" * 2048, ()),
        ("<b>x</b>" * 100, "x" * 100, (("b", ""),) * 100),
    ],
)  # fmt: skip
def test_what_is_allowed_is_read(html: str, text: str, entities: tuple[tuple[str, str], ...]) -> None:
    """The text as people see it, and its entities in order."""
    parsed = parse_html(html)
    assert (parsed.text, parsed.entities) == (text, entities)


@pytest.mark.parametrize(
    "html",
    [
        *("", " \n ", "a < b", "a > b", "a & b", "&apos;", "&nbsp;", "&amp", "&#0;", "&#xD800;", "&#x110000;", "&#;"),
        *("<p>x</p>", "<br>", "<b>x", "x</b>", "<b>x</i>", "<b><i>x</b></i>", "<b></b>x", "<B>x</B>", "<b >x</b>"),
        *("<a>x</a>", "<a href='https://a.b'>x</a>", '<a href="javascript:x">x</a>', '<a href="https://">x</a>'),
        *('<a href="https://a.b/ c">x</a>', '<a href="https://a.b" title="x">x</a>', '<b class="x">x</b>'),
        *('<a href="https://a.b/&c">x</a>', '<a href="https://a.b"><a href="https://a.b">x</a></a>'),
        *("<b><code>x</code></b>", "<code><b>x</b></code>", "<pre><b>x</b></pre>", "<pre><code>x</code></pre>"),
        *("<blockquote><blockquote>x</blockquote></blockquote>", '<span class="x">x</span>', "<span>x</span>"),
        *("x\0", "x\x07", "x\ty", "x\ry", "x\x85y", "x\u2028y", "x\u202ey", "a\u030a", "x\u0333", "x\ud83d"),
        *("x&#7;y", '<a href="https://a.b/\ud83d">x</a>'),
        *("😀" * 2048 + "x", "x" * 4097, "<b>x</b>" * 101, "<!-- x -->", "<b", "<>x</>"),
    ],
)
def test_what_is_not_allowed_is_refused(html: str) -> None:
    """One mistake in each."""
    with pytest.raises(Refused):
        parse_html(html)
