"""The daemon's watcher over a real store, its heartbeat over a real server, and the configuration of both."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from http_server import Reply, Server
from pydantic import SecretStr
from samples import MINUTE, NOW
from structlog.testing import capture_logs

from monitor.app.heartbeat import Heartbeat
from monitor.app.watching import Watcher
from monitor.config import Chat, Config, HeartbeatConfig, Service, TelegramConfig, admins, follow, load, warnings
from monitor.domain import Message
from monitor.errors import ConfigError, StoreError
from monitor.pipeline import recipients
from monitor.store import Store

CHATS = (Chat(id=1, admin=True), Chat(id=2), Chat(id=-5, admin=True, thread=9))
TOKEN = SecretStr("1:x")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    made = Store(f"sqlite:///{tmp_path}/m.db")
    made.migrate()
    yield made
    made.close()


class Fake:
    """A sender that remembers."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    async def send(self, message: Message) -> int | None:
        """Remember the message."""
        self.sent.append(message)
        return 1


def watcher(store: Store, sender: Fake | None = None, chats: tuple[Chat, ...] = CHATS) -> Watcher:
    """One that just started."""
    made = Watcher(store, lambda: NOW, lambda: None)
    made.use(Config(telegram=TelegramConfig(chats=chats, token=TOKEN)), {"telegram": sender or Fake()})
    return made


def queued(store: Store) -> list[tuple[str, str]]:
    """What waits, and for whom."""
    return [(alert.chat, alert.text.plain) for alert in reversed(store.alerts())]


async def test_admins_are_told_once_also_across_restarts(store: Store) -> None:
    """A second watcher, as after a restart, repeats nothing and tells when it is over; a parked chat is left alone."""
    store.chats.park(store.enqueue(["-5"], _text(), NOW)[0], "blocked", NOW)
    await watcher(store).look()
    await watcher(store).look()
    says = "⚙️ Chat -5 takes no messages (blocked). They wait until the bot may write there: as a member of a group, as an administrator of a channel."
    assert queued(store)[1:] == [("1", says)]
    store.record_sent(1, 70, NOW)
    await watcher(store).look()
    assert queued(store)[2:] == [(chat, "⚙️ Chat -5 takes messages again.") for chat in ("1", "-5")]


def _text() -> Any:
    from monitor.render import notice

    return notice("hi")


async def test_a_moved_group_is_told_there(store: Store) -> None:
    """The file still has the old id."""
    store.chats.move("-5", "-1009")
    await watcher(store).look()
    says = "⚙️ The group -5 became -1009 and is followed; put the new id into monitor.yaml."
    assert queued(store) == [("1", says), ("-1009", says)]


async def test_dead_letters_are_told_in_crowds(store: Store) -> None:
    """The first at once, those of the next hour together."""
    at = [NOW]
    watching = Watcher(store, lambda: at[0], lambda: None)
    watching.use(Config(telegram=TelegramConfig(chats=CHATS, token=TOKEN)), {"telegram": Fake()})

    async def dies(when: datetime) -> list[str]:
        before, at[0] = len(queued(store)), when
        (id,) = store.enqueue(["2"], _text(), when)
        store.record_failed(id, "too long", None, 1)
        await watching.look()
        told = [text for chat, text in queued(store)[before:] if chat == "1"]
        return [text.partition(" to chat")[0] for text in told if "could not be delivered" in text]

    await watching.look()
    assert await dies(NOW) == ["⚙️ 1 message"]
    assert await dies(NOW + 59 * MINUTE) == []
    assert await dies(NOW + 60 * MINUTE) == ["⚙️ 3 messages"]


async def test_delivery_that_stands_still_is_told_by_other_ways(store: Store) -> None:
    """And the daemon does not do its work meanwhile; what waits for a service that is gone stops nobody."""
    desk = Service(name="desk", url=SecretStr("ntfy://x"), admin=True)
    config = Config(telegram=TelegramConfig(chats=CHATS, token=TOKEN), notify=(desk,))
    at = [NOW]
    watching = Watcher(store, lambda: at[0], lambda: None)
    watching.use(config, {"telegram": Fake(), "notify": Fake()})
    store.enqueue(["notify:gone", "-5"], _text(), NOW)
    at[0] += 16 * MINUTE
    assert not await watching.look()
    says = "⚙️ Messages are not delivered: the oldest waits for 16 minutes (to -5)."
    assert queued(store)[2:] == [(chat, says) for chat in ("1", "-5", "notify:desk")]
    for alert in store.alerts():
        if alert.chat != "notify:gone":
            store.record_sent(alert.id, 70, at[0])
    assert await watching.look()
    assert queued(store)[-1] == ("notify:desk", "⚙️ Messages are delivered in time again.")


async def test_what_waited_in_a_parked_chat_is_not_late(store: Store) -> None:
    """Neither while it is parked nor once it takes messages again."""
    store.chats.park(store.enqueue(["2", "2"], _text(), NOW)[0], "blocked", NOW)
    assert store.chats.waiting_since() == {}
    store.record_sent(1, 70, NOW + 60 * MINUTE)
    assert store.chats.waiting_since() == {"2": NOW + 60 * MINUTE}


async def test_a_topic_is_told_of_where_it_is_configured(store: Store) -> None:
    """Others are where somebody asked for a test."""
    watching = watcher(store)
    watching.topics = {("-5", 9): False, ("-5", 8): False, ("1", 9): False}
    await watching.look()
    await watching.look()
    assert [chat for chat, text in queued(store) if "The topic of chat -5 is gone or closed" in text] == ["1", "-5"]
    assert len(queued(store)) == 2


async def test_a_broken_database_is_told_without_it(store: Store) -> None:
    """Once it failed twice in a row, once to each admin; the end of it goes the usual way."""
    sender = Fake()
    watching = watcher(store, sender)
    for _ in range(4):
        await watching.broken(StoreError("disk is full"))
    assert [(m.chat, m.thread) for m in sender.sent] == [("1", None), ("-5", 9)]
    assert "disk is full" in sender.sent[0].text.plain
    await watching.look()
    await watching.look()
    assert queued(store) == [(chat, "⚙️ The database works again.") for chat in ("1", "-5")]


async def test_one_failure_of_the_database_is_not_told(store: Store) -> None:
    """It mends itself."""
    sender = Fake()
    watching = watcher(store, sender)
    for _ in range(2):
        await watching.broken(StoreError("locked"))
        await watching.look()
    assert (sender.sent, queued(store)) == ([], [])


def test_who_is_told_what_admins_are_told() -> None:
    """Chats and services that say so, and the private chats of those who may change settings, if they are configured."""
    chats = (Chat(id=1), Chat(id=2), Chat(id=-5, admin=True, thread=9), Chat(id="@news"))
    services = tuple(Service(name=name, url=SecretStr("ntfy://x"), admin=name == "desk") for name in ("desk", "phone"))
    config = Config(telegram=TelegramConfig(chats=chats, admins=(2, 3)), notify=services)
    assert admins(config) == (("2", None), ("-5", 9), ("notify:desk", None))


@pytest.mark.parametrize(
    ("chats", "admin_service", "warned"),
    [
        ((Chat(id=2), Chat(id=-5)), False, True),
        ((), False, True),
        ((Chat(id=3), Chat(id=-5)), False, False),
        ((Chat(id=-5, admin=True),), False, False),
        ((Chat(id=-5),), True, False),
    ],
)
def test_admins_whom_nothing_reaches_are_warned_of(chats: tuple[Chat, ...], admin_service: bool, warned: bool) -> None:
    """By `check` and at the start: what they change, and what goes wrong, would be told to nobody."""
    service = Service(name="desk", url=SecretStr("ntfy://x"), admin=admin_service)
    config = Config(telegram=TelegramConfig(chats=chats, admins=(3,)), notify=(service,))
    assert any("nobody is told of changes" in text for text in warnings(config)) is warned
    silent = Config(telegram=TelegramConfig(chats=chats), notify=(service,))
    assert not any("nobody is told of changes" in text for text in warnings(silent))


async def test_where_nothing_reaches_the_admins_nothing_is_queued(store: Store) -> None:
    """Without a token their chats would be told, some day, of what is long over."""
    watching = Watcher(store, lambda: NOW, lambda: None)
    watching.use(Config(telegram=TelegramConfig(chats=CHATS)), {"terminal": Fake()})
    store.chats.move("-5", "-1009")
    await watching.look()
    assert queued(store) == []


@pytest.fixture
def server() -> Iterator[Server]:
    """A server for beats."""
    with Server({"/ping/secret": Reply()}) as made:
        yield made


@pytest.mark.parametrize(("after", "beats"), [(timedelta(0), 1), (294, 1), (295, 2), (-1, 2)])
async def test_the_heart_beats_at_its_interval(server: Server, after: Any, beats: int) -> None:
    """A few seconds early is near enough; a clock that was set back does not stop it."""
    at = NOW
    heart = Heartbeat(lambda: at)
    config = HeartbeatConfig(url=SecretStr(server.url("/ping/secret")))
    await heart.beat(config)
    at += after if isinstance(after, timedelta) else timedelta(seconds=after)
    await heart.beat(config)
    assert server.paths() == ["/ping/secret"] * beats


async def test_a_beat_that_is_not_taken_is_logged_once(server: Server) -> None:
    """Without the address, which is a secret; and once when it is taken again."""
    server.routes["/ping/secret"] = Reply(status=500)
    at: list[datetime] = [NOW]
    heart = Heartbeat(lambda: at[0])
    with capture_logs() as logs:
        for url in (server.url("/ping/secret"), "http://127.0.0.1:1/ping/secret", server.url("/ok")):
            server.routes["/ok"] = Reply()
            await heart.beat(HeartbeatConfig(url=SecretStr(url)))
            at[0] += 5 * MINUTE
    assert [line["event"] for line in logs] == [
        "heartbeat not taken, tried again each time",
        "heartbeat taken again",
    ]
    assert "secret" not in str(logs)


async def test_without_an_address_nothing_beats() -> None:
    """The default."""
    await Heartbeat(lambda: NOW).beat(HeartbeatConfig())


NOTIFY = """
notify:
  - name: desk
    url: mailtos://desk:${MAIL_PASSWORD}@mail.example/?to=a@b.example
    admin: true
  - {name: hook, url: "${HOOK}"}
heartbeat: {url: "${BEAT}", interval: 1m}
"""


def test_addresses_name_their_secrets(tmp_path: Path) -> None:
    """Quoted within an address, as they are where they are all of it, also from files; shown nowhere."""
    (tmp_path / "monitor.yaml").write_text(NOTIFY)
    (tmp_path / "beat").write_text("https://hc.example/uuid\n")
    secrets = {"MAIL_PASSWORD": "p@ss/word", "HOOK": "json://u:p@h/x?y=1", "BEAT_FILE": str(tmp_path / "beat")}
    config = load(tmp_path, secrets)
    assert [service.url.get_secret_value() for service in config.notify] == [
        "mailtos://desk:p%40ss%2Fword@mail.example/?to=a@b.example",
        "json://u:p@h/x?y=1",
    ]
    assert config.heartbeat.url
    assert config.heartbeat.url.get_secret_value() == "https://hc.example/uuid"
    assert "p%40ss" not in repr(config)
    assert recipients(config) == (("notify:desk", None), ("notify:hook", None))
    assert admins(config) == (("notify:desk", None),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("notify: [{name: a, url: 'ntfy://${GONE}'}]", "line 1: notify[0].url: GONE is not set; set it or GONE_FILE"),
        ("notify: [{name: a, url: geheim}]", "notify[0].url: expected an Apprise address such as ntfy://host/topic"),
        (
            "notify: [{name: A b, url: 'ntfy://x'}]",
            "notify[0].name: expected at most 40 small letters, digits, - and _",
        ),
        ("notify:\n- {name: a, url: 'ntfy://x'}\n- {name: a, url: 'ntfy://y'}", "line 3: notify[1].name: 'a' stands"),
        ("notify: [{name: a, url: 'ntfy://x', rules: [{sources: [X]}]}]", "no source is named 'X'"),
        ("heartbeat: {url: geheim}", "heartbeat.url: expected an address that starts with http"),
        ("heartbeat: {interval: 29s}", "heartbeat.interval: expected at least"),
    ],
)
def test_mistakes_are_one_sentence_without_the_secret(tmp_path: Path, text: str, says: str) -> None:
    """With the file, the line and the key."""
    (tmp_path / "monitor.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, {})
    assert says in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_a_service_is_told_beside_the_chats() -> None:
    """And without a token in place of the terminal."""
    desk = Service(name="desk", url=SecretStr("ntfy://x"))
    config = Config(telegram=TelegramConfig(chats=CHATS, token=TOKEN), notify=(desk,))
    assert [chat for chat, _ in recipients(config)] == ["1", "2", "-5", "notify:desk"]
    assert recipients(Config(notify=(desk,))) == (("notify:desk", None),)


def test_moved_groups_are_followed_in_the_configuration() -> None:
    """By their new ids, with all that is said of them; where both stand there, the new one's entry holds."""
    config = Config(telegram=TelegramConfig(chats=CHATS), digest={"chats": (-5, 1)})
    moved = follow(config, {"-5": "-1009", "-7": "-8"})
    assert [chat.id for chat in moved.telegram.chats] == [1, 2, -1009]
    assert moved.telegram.chats[2].thread == 9
    assert moved.digest.chats == (-1009, 1)
    both = follow(Config(telegram=TelegramConfig(chats=(*CHATS, Chat(id=-1009)))), {"-5": "-1009"})
    assert [(chat.id, chat.admin) for chat in both.telegram.chats] == [(1, True), (2, False), (-1009, False)]
    assert follow(config, {"-7": "-8"}) is config
