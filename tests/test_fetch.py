"""Fetching over a real server on loopback: what a feed is told, and what each misbehaviour is called."""

import asyncio
import gzip
import hashlib
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import brotli
import pytest
import zstandard
from http_server import Reply, Request, Server, redirect

from monitor.config.model import PollingConfig
from monitor.domain import Failure, FeedState
from monitor.fetch import USER_AGENT, Fetcher, addresses
from monitor.fetch.addresses import is_public
from monitor.fetch.answers import retry_after
from monitor.fetch.decoding import Body, CodingError, TooLargeError

FEED = b"<rss version='2.0'><channel><title>News</title></channel></rss>"
LIMIT = 100_000


def config(**changes: object) -> PollingConfig:
    """Polling as fast as loopback allows, with a deadline that tests can wait for."""
    base = PollingConfig(allow_private=True, host_delay=timedelta(0), max_bytes=LIMIT, per_host=8)
    return base.model_copy(update={"timeout": timedelta(seconds=5), **changes})


def state(url: str, **known: object) -> FeedState:
    """A feed of which only the given is known."""
    return FeedState(name="feed", url=url, **known)  # type: ignore[arg-type]


@pytest.fixture
def server() -> Iterator[Server]:
    """A server without routes."""
    with Server() as running:
        yield running


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    """A fetcher that may reach loopback."""
    async with Fetcher(config()) as ready:
        yield ready


async def test_a_body_comes_with_what_the_next_request_needs(server: Server, fetcher: Fetcher) -> None:
    """A new document gives its bytes, lower-case headers, validators and a hash."""
    server.routes["/f"] = Reply(FEED, etag='"1"', modified="Tue, 24 Nov 2026 10:00:00 GMT", headers={"X-Odd": "Yes"})
    fetched = await fetcher.fetch(state(server.url("/f")))
    assert (fetched.status, fetched.body, fetched.unchanged, fetched.failure) == (200, FEED, False, None)
    assert (fetched.etag, fetched.last_modified) == ('"1"', "Tue, 24 Nov 2026 10:00:00 GMT")
    assert fetched.headers["x-odd"] == "Yes"
    assert fetched.url == server.url("/f")
    assert fetched.moved_to is None
    assert fetched.body_hash == hashlib.blake2b(FEED, digest_size=16).hexdigest()


async def test_the_program_says_who_it_is(server: Server, fetcher: Fetcher) -> None:
    """The User-Agent names the project and its address, unless the configuration says otherwise."""
    server.routes["/f"] = Reply(FEED)
    await fetcher.fetch(state(server.url("/f")))
    async with Fetcher(config(user_agent="mine/1")) as other:
        await other.fetch(state(server.url("/f")))
    agents = [request.headers["user-agent"] for request in server.requests]
    assert agents == [USER_AGENT, "mine/1"]
    assert USER_AGENT.startswith("balkan-monitor/")
    assert "+https://" in USER_AGENT
    assert server.requests[0].headers["accept-encoding"] == "gzip, deflate, br, zstd"


@pytest.mark.parametrize("known", [{"etag": '"1"'}, {"last_modified": "Tue, 24 Nov 2026 10:00:00 GMT"}], ids=str)
async def test_an_unchanged_feed_costs_a_304(server: Server, fetcher: Fetcher, known: dict[str, str]) -> None:
    """Validators are sent back as they came, and a 304 keeps what is remembered."""
    server.routes["/f"] = Reply(FEED, etag=known.get("etag"), modified=known.get("last_modified"))
    before = state(server.url("/f"), body_hash="h", **known)
    fetched = await fetcher.fetch(before)
    assert (fetched.status, fetched.unchanged, fetched.body, fetched.failure) == (304, True, None, None)
    assert (fetched.etag, fetched.last_modified) == (before.etag, before.last_modified)
    assert fetched.body_hash == "h"


async def test_the_same_bytes_again_are_unchanged(server: Server, fetcher: Fetcher) -> None:
    """A server that knows no conditions still gives `unchanged` when the bytes are the same."""
    server.routes["/f"] = Reply(FEED)
    first = await fetcher.fetch(state(server.url("/f")))
    again = await fetcher.fetch(state(server.url("/f"), body_hash=first.body_hash))
    assert (again.status, again.unchanged, again.body) == (200, True, None)


@pytest.mark.parametrize("value", ["č", "a\nb", "x" * 1001, ""])
async def test_a_validator_that_cannot_be_sent_is_left_out(server: Server, fetcher: Fetcher, value: str) -> None:
    """A stored ETag with odd characters does not break the request."""
    server.routes["/f"] = Reply(FEED)
    fetched = await fetcher.fetch(state(server.url("/f"), etag=value))
    assert fetched.body == FEED
    assert "if-none-match" not in server.requests[0].headers


async def test_an_unasked_304_is_a_failure(server: Server, fetcher: Fetcher) -> None:
    """A 304 to a request without conditions tells nothing, so it does not count as unchanged."""
    server.routes["/f"] = Reply(status=304, length=False)
    assert (await fetcher.fetch(state(server.url("/f")))).failure is Failure.HTTP


REFUSALS = [
    (400, {}, Failure.HTTP),
    (401, {}, Failure.FORBIDDEN),
    (403, {}, Failure.FORBIDDEN),
    (404, {}, Failure.HTTP),
    (410, {}, Failure.GONE),
    (429, {}, Failure.RATE_LIMITED),
    (451, {}, Failure.FORBIDDEN),
    (500, {}, Failure.HTTP),
    (503, {}, Failure.HTTP),
    (503, {"Retry-After": "120"}, Failure.RATE_LIMITED),
    (503, {"cf-mitigated": "challenge"}, Failure.FORBIDDEN),
    (302, {}, Failure.HTTP),
    (599, {}, Failure.HTTP),
    (204, {}, Failure.EMPTY),
    (200, {}, Failure.EMPTY),
]


@pytest.mark.parametrize(("status", "headers", "failure"), REFUSALS, ids=str)
async def test_each_status_has_its_name(
    server: Server, fetcher: Fetcher, status: int, headers: dict[str, str], failure: Failure
) -> None:
    """A status that gives no document is a named failure with a sentence, never an exception."""
    server.routes["/f"] = Reply(status=status, headers=headers)
    fetched = await fetcher.fetch(state(server.url("/f")))
    assert (fetched.failure, fetched.body, fetched.unchanged, fetched.status) == (failure, None, False, status)
    assert fetched.detail
    assert fetched.retry_after == (timedelta(seconds=120) if "Retry-After" in headers else None)


NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WAITS = [
    ("0", 0),
    ("120", 120),
    (" 120 ", 120),
    ("-1", None),
    ("soon", None),
    ("", None),
    ("9" * 400, 30 * 86400),
    ("Tue, 24 Nov 2026 12:00:00 GMT", 0),
    ("Tue, 24 Nov 2026 12:10:00 GMT", 600),
    ("Tue, 24 Nov 2026 11:59:59 GMT", 0),
    ("Tue, 24 Nov 2099 12:00:00 GMT", 30 * 86400),
    ("Tue, 99 Nov 2026 12:00:00 GMT", None),
]


@pytest.mark.parametrize(("value", "seconds"), WAITS)
def test_retry_after_is_read_as_seconds_or_date(value: str, seconds: int | None) -> None:
    """Both forms give a wait that is never negative and never endless; anything else gives none."""
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert retry_after({"retry-after": value}, NOW) == expected


def test_a_retry_date_is_read_by_the_servers_own_clock() -> None:
    """Where the server's clock is wrong, its Date header is what its Retry-After means."""
    headers = {"retry-after": "Sat, 01 Jan 2000 00:01:00 GMT", "date": "Sat, 01 Jan 2000 00:00:00 GMT"}
    assert retry_after(headers, NOW) == timedelta(minutes=1)


@pytest.mark.parametrize(
    ("statuses", "moves"),
    [([301], True), ([308, 301], True), ([302], False), ([307, 303], False), ([301, 302], False), ([302, 301], False)],
    ids=str,
)
async def test_only_permanent_redirects_are_remembered(
    server: Server, fetcher: Fetcher, statuses: list[int], moves: bool
) -> None:
    """Redirects are followed; the new address is remembered only when each step was permanent."""
    for step, status in enumerate(statuses):
        server.routes[f"/{step}"] = redirect(f"/{step + 1}", status)
    server.routes[f"/{len(statuses)}"] = Reply(FEED)
    fetched = await fetcher.fetch(state(server.url("/0")))
    final = server.url(f"/{len(statuses)}")
    assert (fetched.body, fetched.url) == (FEED, final)
    assert fetched.moved_to == (final if moves else None)


async def test_a_move_to_nothing_is_not_remembered(server: Server, fetcher: Fetcher) -> None:
    """A permanent redirect to an address that fails does not replace the address."""
    server.routes["/0"] = redirect("/1", 301)
    fetched = await fetcher.fetch(state(server.url("/0")))
    assert (fetched.failure, fetched.moved_to) == (Failure.HTTP, None)


@pytest.mark.parametrize(("hops", "failure"), [(5, None), (6, Failure.REDIRECTS)])
async def test_five_redirects_are_followed(
    server: Server, fetcher: Fetcher, hops: int, failure: Failure | None
) -> None:
    """The fifth redirect is followed, the sixth is not."""
    for step in range(hops):
        server.routes[f"/{step}"] = redirect(f"/{step + 1}")
    server.routes[f"/{hops}"] = Reply(FEED)
    assert (await fetcher.fetch(state(server.url("/0")))).failure is failure


@pytest.mark.parametrize(
    ("target", "failure", "words"),
    [
        ("/0", Failure.REDIRECTS, "circle"),
        ("/0#part", Failure.REDIRECTS, "circle"),
        ("ftp://example.com/", Failure.REDIRECTS, "not http"),
        ("file:///etc/passwd", Failure.REDIRECTS, "not http"),
        ("javascript:alert(1)", Failure.REDIRECTS, "not http"),
        ("mailto:me@example.com", Failure.REDIRECTS, "not http"),
        ("http://[::1", Failure.REDIRECTS, "not valid"),
        ("http://nothing.invalid/", Failure.UNREACHABLE, "nothing.invalid"),
        ("http://" + "a" * 70 + "/", Failure.UNREACHABLE, "not known"),
    ],
)
async def test_a_redirect_to_nonsense_is_named(
    server: Server, fetcher: Fetcher, target: str, failure: Failure, words: str
) -> None:
    """Circles, other schemes and broken addresses end the chain with a name."""
    server.routes["/0"] = redirect(target)
    fetched = await fetcher.fetch(state(server.url("/0")))
    assert fetched.failure is failure
    assert words in fetched.detail


PUBLIC = ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
PRIVATE = """127.0.0.1 127.255.255.255 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1
100.127.255.255 0.0.0.0 0.1.2.3 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 192.0.2.1 198.18.0.1 203.0.113.9 ::1 ::
fe80::1 fe80::1%eth0 fc00::1 fd12::1 fec0::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1
64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 2002:7f00:1::1 2002:a00:1:: 2001:db8::1 localhost 1.2.3""".split()


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_let_through(address: str) -> None:
    """The internet can be reached, also where IPv6 carries a public IPv4 address."""
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_every_other_address_is_refused(address: str) -> None:
    """Private, loopback, link-local, shared, multicast, reserved and disguised addresses are not public."""
    assert not is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "0x7f.1", "2130706433", "0"])
async def test_loopback_is_refused_in_every_spelling(server: Server, host: str) -> None:
    """Without polling.allow_private no spelling of loopback reaches a server."""
    server.routes["/f"] = Reply(FEED)
    async with Fetcher(config(allow_private=False)) as fetcher:
        fetched = await fetcher.fetch(state(server.url("/f", host)))
    assert fetched.failure is Failure.PRIVATE_ADDRESS
    assert server.connections == 0


async def test_a_dns_answer_is_checked_where_it_is_used(server: Server) -> None:
    """A name that is public when first asked and loopback later is refused at the later connection."""
    answers = iter([["127.0.0.1", "10.0.0.1"], []])

    async def resolve(host: str, port: int) -> list[str]:
        return next(answers)

    async with Fetcher(config(allow_private=False), resolve) as fetcher:
        rebound = await fetcher.fetch(state(server.url("/f", "rebind.test")))
        unknown = await fetcher.fetch(state(server.url("/f", "rebind.test")))
    assert (rebound.failure, unknown.failure) == (Failure.PRIVATE_ADDRESS, Failure.UNREACHABLE)
    assert server.connections == 0


async def test_a_redirect_is_checked_like_a_first_address(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site that may be reached cannot send the program to the cloud's metadata address."""
    monkeypatch.setattr(addresses, "is_public", lambda text: text == "127.0.0.1" or is_public(text))
    server.routes["/0"] = redirect("http://169.254.169.254/latest/meta-data/")
    async with Fetcher(config(allow_private=False)) as fetcher:
        fetched = await fetcher.fetch(state(server.url("/0")))
    assert (fetched.failure, len(server.requests)) == (Failure.PRIVATE_ADDRESS, 1)


async def test_an_unknown_name_is_said_calmly(fetcher: Fetcher) -> None:
    """A name that does not exist is unreachable, and the sentence names it."""
    fetched = await fetcher.fetch(state("http://nothing.invalid/feed"))
    assert fetched.failure is Failure.UNREACHABLE
    assert "nothing.invalid" in fetched.detail


CODINGS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": lambda data: zstandard.ZstdCompressor().compress(data),
    "identity": bytes,
    "utf-8": bytes,
    "gzip, br": lambda data: brotli.compress(gzip.compress(data)),
}


def raw_deflate(data: bytes) -> bytes:
    """Deflate without the zlib header, as some servers send it."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


CODINGS["Deflate"] = raw_deflate


@pytest.mark.parametrize("coding", CODINGS)
async def test_each_content_coding_is_undone(server: Server, fetcher: Fetcher, coding: str) -> None:
    """gzip, deflate (both kinds), br, zstd and their combination give the document."""
    server.routes["/f"] = Reply(CODINGS[coding](FEED * 200), headers={"Content-Encoding": coding})
    assert (await fetcher.fetch(state(server.url("/f")))).body == FEED * 200


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("size", [1, 7, 65_536])
@pytest.mark.parametrize("length", [0, 1, 65_535, 65_536, 65_537, LIMIT])
def test_a_body_is_the_same_however_it_is_cut(coding: str, size: int, length: int) -> None:
    """Pieces of any size, and documents on the edges of the decoder's steps, come out whole."""
    data = bytes(range(256)) * (length // 256) + b"x" * (length % 256)
    packed, body = CODINGS[coding](data), Body(coding, LIMIT)
    for start in range(0, len(packed), size):
        body.add(packed[start : start + size])
    assert body.finish() == data


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_several_members_are_one_body(coding: str) -> None:
    """Concatenated gzip members and zstd frames belong together."""
    body = Body(coding, LIMIT)
    body.add(CODINGS[coding](b"one ") + CODINGS[coding](b"two"))
    assert body.finish() == b"one two"


@pytest.mark.parametrize("extra", [0, 1])
@pytest.mark.parametrize("coding", ["", "gzip", "br", "zstd"])
def test_the_limit_is_exact(coding: str, extra: int) -> None:
    """A document of just the limit is accepted, one byte more is not."""
    body = Body(coding, 1000)
    packed = CODINGS.get(coding, bytes)(b"a" * (1000 + extra))
    if extra:
        with pytest.raises(TooLargeError):
            body.add(packed)
    else:
        body.add(packed)
        assert body.finish() == b"a" * 1000


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_body_cut_short_is_not_taken_for_whole(coding: str) -> None:
    """Compressed data that end in the middle are an encoding failure, not half a feed."""
    body = Body(coding, LIMIT)
    body.add(CODINGS[coding](FEED)[:-5])
    with pytest.raises(CodingError):
        body.finish()


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "rot13", "gzip, gzip, gzip, gzip"])
async def test_a_coding_that_is_not_so_is_named(server: Server, fetcher: Fetcher, coding: str) -> None:
    """Garbage under a known coding and a coding nobody knows are both 'bad content encoding'."""
    server.routes["/f"] = Reply(b"\xff\xff not compressed at all", headers={"Content-Encoding": coding})
    fetched = await fetcher.fetch(state(server.url("/f")))
    assert (fetched.failure, bool(fetched.detail)) == (Failure.ENCODING, True)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
async def test_a_bomb_does_not_expand(server: Server, fetcher: Fetcher, coding: str) -> None:
    """Tens of megabytes of zeros in a small body stop at the limit with little memory."""
    server.routes["/f"] = Reply(_bomb(coding), headers={"Content-Encoding": coding})
    tracemalloc.start()
    try:
        fetched = await fetcher.fetch(state(server.url("/f")))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert fetched.failure in {Failure.TOO_LARGE}
    assert peak < 20_000_000


def _bomb(coding: str) -> bytes:
    zeros, times = bytes(1 << 20), 90
    if coding == "br":
        return brotli.compress(bytes(50 << 20), quality=1)
    if coding == "zstd":
        return zstandard.ZstdCompressor().compress(zeros * 20) * 25
    packer = zlib.compressobj(9, wbits=31 if coding == "gzip" else 15)
    return b"".join(packer.compress(zeros) for _ in range(times))[: LIMIT - 1]


async def test_a_large_body_stops_at_the_limit(server: Server, fetcher: Fetcher) -> None:
    """An endless body ends at the limit with its name."""
    server.routes["/f"] = Reply(FEED, endless=b"x" * 65536)
    fetched = await fetcher.fetch(state(server.url("/f")))
    assert (fetched.failure, fetched.detail) == (Failure.TOO_LARGE, "more than 100,000 bytes")


@pytest.mark.parametrize(
    "reply",
    [Reply(FEED, pause=60), Reply(FEED, drip=0.05), Reply(FEED, endless=b"x", drip=0.05)],
    ids=["silent", "dripping", "endless"],
)
async def test_slowness_ends_at_one_deadline(server: Server, reply: Reply) -> None:
    """A server that waits, or sends a byte now and then, is given the timeout as a whole, not for each read."""
    server.routes["/f"] = reply
    began = time.monotonic()
    async with Fetcher(config(timeout=timedelta(seconds=0.3))) as fetcher:
        fetched = await fetcher.fetch(state(server.url("/f")))
    assert (fetched.failure, fetched.detail) == (Failure.TIMEOUT, "no complete answer within 0.3 s")
    assert time.monotonic() - began < 3


async def test_redirects_share_one_deadline(server: Server) -> None:
    """Slow redirects do not each start the clock again."""
    for step in range(5):
        server.routes[f"/{step}"] = Reply(status=302, headers={"Location": f"/{step + 1}"}, pause=0.15)
    async with Fetcher(config(timeout=timedelta(seconds=0.4))) as fetcher:
        assert (await fetcher.fetch(state(server.url("/0")))).failure is Failure.TIMEOUT
    assert len(server.requests) <= 3


BROKEN = [
    b"",
    b"\r\n\r\n",
    b"hello\r\n\r\n",
    b"HTTP/1.1 two hundred OK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nbody",
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"HTTP/1.1 200 OK\r\nbad header\x00\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX: " + b"a" * 300_000,
    b"\x16\x03\x01\x00\x05binary",
    b"SSH-2.0-OpenSSH_9.6\r\n",
]


@pytest.mark.parametrize("raw", BROKEN, ids=lambda raw: str(raw[:40]))
async def test_what_is_not_http_is_unreachable(server: Server, fetcher: Fetcher, raw: bytes) -> None:
    """Broken answers of any kind become one calm sentence."""
    server.routes["/f"] = Reply(raw=raw)
    fetched = await fetcher.fetch(state(server.url("/f")))
    assert fetched.failure is Failure.UNREACHABLE
    assert fetched.detail
    assert "Traceback" not in fetched.detail


async def test_a_closed_door_is_unreachable(server: Server, fetcher: Fetcher) -> None:
    """A port where nobody listens is unreachable."""
    with Server() as gone:
        url = gone.url("/f")
    assert (await fetcher.fetch(state(url))).failure is Failure.UNREACHABLE


async def test_a_server_without_tls_is_named(fetcher: Fetcher) -> None:
    """https to a port that speaks plain HTTP is a TLS failure."""
    plain = await asyncio.start_server(lambda _, writer: writer.write(b"HTTP/1.1 400 Bad\r\n\r\n"), "127.0.0.1", 0)
    async with plain:
        port = plain.sockets[0].getsockname()[1]
        fetched = await fetcher.fetch(state(f"https://127.0.0.1:{port}/f"))
    assert (fetched.failure, fetched.detail.split(":")[0]) == (Failure.TLS, "no secure connection")


@pytest.mark.parametrize(
    "url", ["", "feed", "ftp://a/", "http://", "http://[", "http://a b/", "http://\x00/", "http://é..a/"]
)
async def test_a_stored_address_that_is_none_does_not_raise(fetcher: Fetcher, url: str) -> None:
    """Whatever stands in the database as an address, the outcome is a value."""
    assert (await fetcher.fetch(state(url))).failure in {Failure.UNREACHABLE}


async def test_connections_are_kept(server: Server, fetcher: Fetcher) -> None:
    """Feeds of one host that are asked in turn share a connection, 304 or not."""
    server.routes["/f"] = Reply(FEED, etag='"1"')
    for known in (None, '"1"', '"1"', None):
        await fetcher.fetch(state(server.url("/f"), etag=known))
    assert server.connections == 1


async def test_a_kept_connection_that_was_closed_is_replaced(server: Server, fetcher: Fetcher) -> None:
    """A server that closes after each answer without saying so costs no failure."""
    server.routes["/f"] = Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
    for _ in range(5):
        assert (await fetcher.fetch(state(server.url("/f")))).body == b"x"


async def test_a_password_in_the_address_is_sent(server: Server, fetcher: Fetcher) -> None:
    """A feed behind a name and password is asked with them, and a redirect elsewhere does not carry them on."""
    server.routes["/0"] = redirect(server.url("/1"))
    server.routes["/1"] = Reply(FEED)
    assert (await fetcher.fetch(state(server.url("/0", "me:p%40ss@127.0.0.1")))).body == FEED
    assert [request.headers.get("authorization") for request in server.requests] == ["Basic bWU6cEBzcw==", None]


async def test_cookies_are_not_kept(server: Server, fetcher: Fetcher) -> None:
    """A cookie is not sent back."""
    server.routes["/f"] = Reply(FEED, headers={"Set-Cookie": "id=1; Path=/"})
    await fetcher.fetch(state(server.url("/f")))
    await fetcher.fetch(state(server.url("/f")))
    assert all("cookie" not in request.headers for request in server.requests)


class Crowd:
    """A route that notes when it was asked, and takes a moment for each answer."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def __call__(self, request: Request) -> Reply:
        """Note the time, and take a moment."""
        self.times.append(time.monotonic())
        return Reply(FEED, pause=0.02)


@pytest.mark.parametrize(("limits", "most"), [({"concurrency": 3, "per_host": 8}, 3), ({"per_host": 2}, 2)], ids=str)
async def test_no_more_requests_at_once_than_allowed(server: Server, limits: dict[str, int], most: int) -> None:
    """The limit over all and the limit for one host both hold: so many connections, no more."""
    server.routes["/f"] = Crowd()
    async with Fetcher(config(**limits)) as fetcher:
        answers = await asyncio.gather(*(fetcher.fetch(state(server.url("/f"))) for _ in range(12)))
    assert [answer.failure for answer in answers] == [None] * 12
    assert server.connections <= most


async def test_requests_to_one_host_are_spaced(server: Server) -> None:
    """Starts at one host are a pause apart; another host is not made to wait."""
    crowd, other = Crowd(), Crowd()
    server.routes["/f"] = crowd
    async with Fetcher(config(host_delay=timedelta(seconds=0.1), concurrency=1)) as fetcher:
        with Server({"/g": other}) as second:
            jobs = [fetcher.fetch(state(server.url("/f"))) for _ in range(4)]
            await asyncio.gather(*jobs, fetcher.fetch(state(second.url("/g"))))
    gaps = [later - earlier for earlier, later in zip(crowd.times, crowd.times[1:], strict=False)]
    assert min(gaps) >= 0.08
    assert other.times[0] < crowd.times[2]
