"""The command line, as a person or a script uses it: what is printed, where, and with which exit status."""

import asyncio
import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from bot_api import BotApi
from http_server import Reply, Server
from newsroom import FakeModel, item, rss, title
from test_config import BROKEN
from test_config import folder as written

from monitor import __main__
from monitor.app import wiring
from monitor.classifier import open_model
from monitor.schema.migrations import MIGRATIONS
from monitor.store import Store

HEADLINE = "US calls on Serbia to withdraw its unprecedented military deployment on Kosovo border"


@dataclass(frozen=True)
class Ran:
    """What one call printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> object:
        """Standard output, which must be one JSON document."""
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run the program in this process with the fake model, a state folder of its own, and input if given."""
    for name in ("TELEGRAM_BOT_TOKEN", "TELEGRAM_BOT_TOKEN_FILE", "XDG_CONFIG_HOME", "NOTIFY_SOCKET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(wiring, "open_model", lambda *_: FakeModel())

    def call(*arguments: object, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "argv", ["balkan-monitor", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        status: object = 0
        try:
            __main__.main()
        except SystemExit as ended:
            status = ended.code or 0
        printed = capsys.readouterr()
        assert isinstance(status, int)
        assert "Traceback" not in printed.out + printed.err
        return Ran(status, printed.out, printed.err)

    return call


@pytest.fixture
def server() -> Iterator[Server]:
    """A server with one good feed, one page and one that is gone."""
    with Server({"/good": Reply(rss(item(title("raid")))), "/page": Reply(b"<html><title>Hi</title></html>")}) as made:
        yield made


@pytest.fixture
def config(tmp_path: Path, server: Server) -> Path:
    """A configuration folder over these feeds."""
    feeds = "".join(f"- {{name: '{name} [x]', url: '{server.url('/' + name)}'}}\n" for name in ("good", "page", "gone"))
    (tmp_path / "c").mkdir()
    monitor = "polling: {allow_private: true, host_delay: 0}\n"
    return written(
        tmp_path / "c",
        monitor=monitor,
        sources=f"sources:\n{feeds}- {{name: idle, url: 'http://x.example/', enabled: false}}\n",
    )


def sentence(ran: Ran, status: int, *parts: str) -> None:
    """The call failed so, with one line on standard error that holds these parts, and nothing on standard output."""
    assert (ran.status, ran.out) == (status, ""), ran
    assert ran.err.startswith("balkan-monitor: ")
    assert ran.err.count("\n") == 1
    for part in parts:
        assert part in ran.err


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize(("file", "text", "complaint"), BROKEN, ids=[f"{f}-{i}" for i, (f, _, _) in enumerate(BROKEN)])
def test_a_broken_configuration_is_one_sentence(
    run: Run, tmp_path: Path, command: str, file: str, text: str, complaint: str
) -> None:
    """`check` and `run` name the file on standard error and end with status 2."""
    sentence(run(command, "--config", written(tmp_path, **{file: text})), 2, str(tmp_path / f"{file}.yaml"), complaint)


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "alerts:\nstorage:\n  url: sqlite:////proc/x/y.db\n",
            "line 3: storage.url: the folder /proc/x for the database",
        ),
        ("storage: {url: 'sqlite:////proc'}\n", "line 1: storage.url: the database sqlite:////proc cannot be used"),
        ("classifier:\n  model: /nonexistent\n", "line 2: classifier.model: no classifier in /nonexistent"),
        ("classifier: {model: ''}\n", "line 1: classifier.model: expected text, found ''"),
    ],
)
def test_a_value_that_only_its_use_shows_as_broken_is_one_sentence(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, text: str, complaint: str
) -> None:
    """A database or model that cannot be opened is a mistake in the line that names it."""
    monkeypatch.setattr(wiring, "open_model", open_model)
    sentence(run(command, "--config", written(tmp_path, monitor=text)), 2, str(tmp_path / "monitor.yaml"), complaint)


def test_there_are_enough_broken_configurations() -> None:
    """Thirty at least."""
    assert len(BROKEN) >= 30


def test_global_options_stand_before_or_after_the_command(run: Run, config: Path) -> None:
    """`--config` works in both places, in both forms."""
    calls = [("--config", config, "check"), ("check", "--config", config), ("check", f"--config={config}")]
    said = [run(*call) for call in calls]
    assert {ran.status for ran in said} == {0}
    assert len({ran.out for ran in said}) == 1
    assert "4, 3 of them enabled" in said[0].out
    sentence(run("check", "--config", config / "nowhere"), 2, "no such configuration folder")
    assert run("check", "--config").status == 2


@pytest.mark.parametrize("arguments", [("-h",), ("run", "--help"), ("feeds", "import", "--help"), ("--version",)])
def test_help_and_version(run: Run, arguments: tuple[str, ...]) -> None:
    """They print to standard output and succeed."""
    ran = run(*arguments)
    assert (ran.status, ran.err) == (0, "")
    assert "balkan-monitor" in ran.out.lower()


@pytest.mark.parametrize(
    "arguments",
    [
        ("frobnicate",),
        ("run", "--twice"),
        ("why",),
        ("score",),
        ("alerts", "--limit", "0"),
        ("alerts", "--status", "x"),
    ],
)
def test_wrong_usage_is_status_2(run: Run, arguments: tuple[str, ...]) -> None:
    """What the command line does not know is told on standard error."""
    ran = run(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err


def test_score_as_text(run: Run, config: Path) -> None:
    """The judgement in words, with what led to it."""
    ran = run("--config", config, "score", "--lang", "en", title("raid"))
    assert ran.status == 0
    assert ran.out.startswith("relevant  en\nrelevance 0.950, threshold 0.500\nseverity 2 (tension), types: clash\n")
    assert "countries: XK" in ran.out
    ran = run("--config", config, "score", "Football: a draw in Pristina")
    assert ran.out.startswith("not relevant")
    assert "below the threshold" in ran.out


def test_score_as_json_from_standard_input(run: Run, config: Path) -> None:
    """`-` reads the headline; the JSON has the promised keys."""
    (config / "keywords.yaml").write_text("boost: [{match: 'pucnj*', weight: 2}]\n")
    ran = run("score", "-", "--summary", "Чује се пуцњава.", "--json", "--config", config, stdin=title("raid").encode())
    found = ran.json
    assert isinstance(found, dict)
    assert {"relevant", "relevance", "types", "severity", "countries", "language", "keywords", "reason"} <= set(found)
    assert (found["relevant"], found["countries"], found["severity"]) == (True, ["XK"], 2)
    assert [hit["found"] for hit in found["keywords"]] == ["пуцњава"]
    assert run("score", "--json", "calm", "--config", config).json["relevant"] is False  # type: ignore[index]


def test_score_explained(run: Run, config: Path) -> None:
    """`--explain` adds the words that moved the judgement, the strongest first, to text and to JSON."""
    ran = run("--config", config, "score", "--explain", title("raid"))
    assert "↑event-↑raid" in ran.out
    assert ran.out.splitlines()[-2].split()[2] == "event"
    found = run("--config", config, "score", "--explain", "--json", title("raid")).json
    assert [word["word"] for word in found["explanation"]["words"][:2]] == ["event", "raid"]  # type: ignore[index]
    assert "explanation" not in run("--config", config, "score", "--json", title("raid")).json  # type: ignore[operator]


@pytest.mark.parametrize("stdin", [b"", b" \n\n", b"\xff\xfe\x00"])
def test_score_needs_a_text(run: Run, config: Path, stdin: bytes) -> None:
    """Nothing, or what is not UTF-8, is refused in one sentence."""
    sentence(run("--config", config, "score", "-", stdin=stdin), 1, "text")


def test_once_then_feeds_alerts_and_why(run: Run, config: Path) -> None:
    """After one round the lists tell what happened, as text and as JSON."""
    assert run("--config", config, "feeds").out.count("not yet") == 3
    ran = run("--config", config, "run", "--once")
    assert ran.status == 0
    assert "event-raid" in ran.out
    assert "https://news.example/" in ran.out
    feeds = run("--config", config, "feeds", "--json").json
    assert isinstance(feeds, list)
    assert [(feed["name"], feed["state"], feed["enabled"]) for feed in feeds] == [
        ("gone [x]", "http status", True), ("page [x]", "not a feed", True), ("good [x]", "ok", True), ("idle", "off", False),
    ]  # fmt: skip
    assert feeds[2]["last_new"]
    shown = run("--config", config, "feeds").out
    assert "page [x]" in shown
    assert "the address answers with a web page, titled 'Hi'" in shown
    alerts = run("alerts", "--json", "--config", config).json
    assert isinstance(alerts, list)
    assert [(alert["id"], alert["status"], alert["chat"]) for alert in alerts] == [(1, "sent", "terminal")]
    assert "event-raid" in run("why", "m1", "--config", config).out
    told = run("why", "m1", "--json", "--config", config).json
    assert isinstance(told, dict)
    assert {"story", "articles", "decisions", "messages"} <= set(told)
    assert "↑event-↑raid" in run("why", "1", "--explain", "--config", config).out
    told = run("why", "m1", "--explain", "--json", "--config", config).json
    assert told["articles"][0]["explanation"]["words"][0]["word"] == "event"  # type: ignore[index]
    assert "m1" in run("alerts", "--config", config).out
    assert run("alerts", "--status", "dead", "--config", config).out == "nothing yet\n"
    assert run("alerts", "--status", "dead", "--json", "--config", config).json == []
    assert run("--config", config, "run", "--once").out == ""


def test_dead_letters_are_tried_again(run: Run, config: Path, tmp_path: Path) -> None:
    """`alerts --retry` puts them back, and says how many."""
    from monitor.domain import Text

    store = Store(f"sqlite:///{tmp_path}/state/balkan-monitor/monitor.db")
    store.migrate()
    store.enqueue(["1", "2"], Text("<b>hi</b>", "hi"), datetime.now(UTC))
    for id in (1, 2):
        store.record_failed(id, "[bold]blocked[/bold]", None, 1)
    store.close()
    assert "dead ([bold]blocked[/bold])" in run("--config", config, "alerts").out
    assert run("--config", config, "alerts", "--retry", "--json").json == {"retried": 2}
    assert run("--config", config, "alerts", "--retry").out == "0 messages will be tried again\n"


@pytest.mark.parametrize(
    ("id", "says"), [("99", "nothing is stored"), ("s99", "nothing is stored"), ("x1", "no id"), ("", "no id")]
)
def test_an_unknown_id_is_one_sentence(run: Run, config: Path, id: str, says: str) -> None:
    """What is not there is said so."""
    sentence(run("--config", config, "why", id), 1, says)


def test_health_is_the_daemons(run: Run, config: Path, tmp_path: Path) -> None:
    """Status 1 without a daemon, 0 once one has ticked."""
    sentence(run("--config", config, "health"), 1, "no daemon is running")
    store = Store(f"sqlite:///{tmp_path}/state/balkan-monitor/monitor.db")
    store.beat(datetime.now(UTC))
    store.close()
    assert run("--config", config, "health") == Ran(0, "alive; no message waits\n", "")


def test_health_tells_how_delivery_does(run: Run, config: Path, tmp_path: Path) -> None:
    """How long messages wait and took, for people and programs; it fails where the daemon finds that they do not go."""
    from monitor.domain import Text

    store = Store(f"sqlite:///{tmp_path}/state/balkan-monitor/monitor.db")
    store.migrate()
    now = datetime.now(UTC)
    store.beat(now)
    for id in store.enqueue(["1", "1", "1"], Text("", "hi"), now - timedelta(minutes=2)):
        store.record_sent(id, 7, now - timedelta(minutes=2) + timedelta(seconds=3 if id < 3 else 60))
    assert run("--config", config, "health").out == "alive; no message waits; the last ones took 3 s, at most 60 s\n"
    store.note_troubles({"delivery": "Messages are not delivered."}, [], [], now)
    store.close()
    sentence(run("--config", config, "health"), 1, "Messages are not delivered.")
    ran = run("--config", config, "health", "--json")
    told = [json.loads(ran.out)[key] for key in ("healthy", "trouble", "oldest_waiting_s", "lag_median_s", "lag_max_s")]
    assert (ran.status, told) == (1, [False, "Messages are not delivered.", 0, 3, 60])


def test_a_test_alert_on_the_terminal(run: Run, config: Path) -> None:
    """It is printed."""
    ran = run("--config", config, "test-alert")
    assert ran.status == 0
    assert "TEST" in ran.out
    assert "sent to terminal" in ran.err


async def on_telegram(config: Path, fault: str | None, *arguments: str) -> tuple[int, str, str, list[str]]:
    """Run the program in a process against the strict Bot API server; also returns what its chat shows."""
    program = Path(__file__).with_name("fast_daemon.py")
    async with BotApi(lambda *_: fault) as api:
        text = (config / "monitor.yaml").read_text()
        (config / "monitor.yaml").write_text(f"{text}telegram: {{api_url: '{api.url}', chats: [{{id: -5}}]}}\n")
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(program), *arguments, "--config", str(config),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | {"TELEGRAM_BOT_TOKEN": "1:SECRET", "FAST": "1"},
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), 120)
        assert b"SECRET" not in out + err
        return process.returncode or 0, out.decode(), err.decode(), api.texts("-5")


@pytest.mark.parametrize(
    ("fault", "status", "says"),
    [(None, 0, "sent to -5"), ("unknown", 1, "no such chat"), ("blocked", 1, "may not write to this chat")],
)
async def test_a_test_alert_on_telegram(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str | None, status: int, says: str
) -> None:
    """It arrives, or one sentence says why it cannot."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    ended, _, err, texts = await on_telegram(config, fault, "test-alert")
    assert ended == status
    assert says in err
    assert len(texts) == (1 if fault is None else 0)


async def test_check_online_probes_feeds_and_chats(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row for each enabled feed, trouble named, and the chat's title."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    status, out, _, _ = await on_telegram(config, None, "check", "--online")
    lines = [line.split() for line in out.splitlines()]
    assert status == 0
    assert ["good", "[x]", "ok", "2", "entries"] in lines
    assert any(line[:5] == ["page", "[x]", "not", "a", "feed"] for line in lines)
    assert "1 of 3 feeds answered with entries" in out
    assert "chat -5: Analysts" in out


def test_check_warns_where_admins_cannot_change_files(run: Run, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says why, and the configuration is valid all the same; without admins nobody is to change them."""
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: not (path == config and mode & os.W_OK) and access(path, mode))
    assert "cannot change keywords" not in run("check", "--config", config).err
    text = (config / "monitor.yaml").read_text()
    (config / "monitor.yaml").write_text(f"{text}\ntelegram: {{admins: [1]}}\n")
    ran = run("check", "--config", config)
    said = " ".join(ran.err.split())
    assert (ran.status, "telegram.admins cannot change keywords from the chat" in said) == (0, True)
    assert "is read-only for this user" in said


def test_init_writes_once(run: Run, tmp_path: Path) -> None:
    """The starter folder is valid, and never overwritten."""
    made = tmp_path / "mine"
    assert run("init", made).status == 0
    assert run("check", "--config", made).status == 0
    sentence(run("init", made), 2, "exists already; nothing was written")
    (tmp_path / "file").write_text("")
    sentence(run("init", tmp_path / "file" / "x"), 2, "cannot be written")


def test_opml_goes_out_and_in(run: Run, config: Path, tmp_path: Path) -> None:
    """What was exported is known when it is imported again, and new to another folder."""
    exported = run("--config", config, "feeds", "export")
    assert exported.out.startswith("<?xml")
    file = tmp_path / "all.opml"
    assert run("--config", config, "feeds", "export", file).status == 0
    assert file.read_text() == exported.out
    assert "0 feeds added" in run("--config", config, "feeds", "import", file).err
    (tmp_path / "d").mkdir()
    other = written(tmp_path / "d")
    assert "4 feeds added" in run("--config", other, "feeds", "import", file).err
    assert len(run("--config", other, "feeds", "--json").json) == 4  # type: ignore[arg-type]


@pytest.mark.parametrize("content", [None, b"", b"<html/>", b"\xff\xfe", b"<opml>"])
def test_a_bad_opml_file_is_one_sentence(run: Run, config: Path, tmp_path: Path, content: bytes | None) -> None:
    """Missing, empty, not OPML, not text, cut off."""
    file = tmp_path / "bad.opml"
    if content is not None:
        file.write_bytes(content)
    before = (config / "sources.yaml").read_text()
    sentence(run("--config", config, "feeds", "import", file), 1, "bad.opml")
    assert (config / "sources.yaml").read_text() == before


def newer(path: Path) -> str:
    """A database of a later version of the program."""
    Store(f"sqlite:///{path}").migrate()
    with sqlite3.connect(path) as database:
        database.execute("insert into schema_version values (?)", (len(MIGRATIONS) + 1,))
    return "written by a newer balkan-monitor"


def foreign(path: Path) -> str:
    """A database of another program."""
    with sqlite3.connect(path) as database:
        database.execute("create table songs (name text)")
    return "belongs to another program"


def no_database(path: Path) -> str:
    """A file that is none."""
    path.write_text("hello " * 1000)
    return "not a database"


def is_folder(path: Path) -> str:
    """A folder in its place."""
    path.mkdir()
    return "cannot be used"


def under_a_file(path: Path) -> str:
    """A folder that cannot be made."""
    path.parent.rmdir()
    path.parent.write_text("")
    return "cannot be made"


@pytest.mark.parametrize("make", [newer, foreign, no_database, is_folder, under_a_file])
@pytest.mark.parametrize("command", ["run", "check", "feeds", "alerts", "why 1", "test-alert", "health"])
def test_an_unusable_database_is_one_sentence(
    run: Run, tmp_path: Path, make: Callable[[Path], str], command: str
) -> None:
    """Every command that needs it says what is wrong, and fails."""
    (tmp_path / "c").mkdir()
    (tmp_path / "d").mkdir()
    config = written(tmp_path / "c", monitor=f"storage:\n  url: sqlite:///{tmp_path}/d/m.db\n")
    says = make(tmp_path / "d" / "m.db")
    sentence(run("--config", config, *command.split()), 2, says, "m.db" if make is not under_a_file else "/d")


@pytest.mark.parametrize("name", ["monitor.yaml", "sources.yaml", "keywords.yaml"])
def test_an_unreadable_file_is_one_sentence(run: Run, config: Path, name: str) -> None:
    """A folder where a file should be stands for everything that cannot be read."""
    (config / name).unlink()
    (config / name).mkdir()
    sentence(run("--config", config, "check"), 2, str(config / name), "cannot be read")


@pytest.mark.parametrize(("model", "says"), [("nowhere", "nowhere"), (".", "config.json is missing")])
def test_an_unusable_model_is_one_sentence(
    run: Run, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, says: str
) -> None:
    """`classifier.model` that is no model is named."""
    from monitor.classifier import open_model

    monkeypatch.setattr(wiring, "open_model", open_model)
    (config / "monitor.yaml").write_text(f"classifier:\n  model: {tmp_path / model}\n")
    sentence(run("--config", config, "check"), 2, says)


def test_a_closed_pipe_is_no_trouble(config: Path, tmp_path: Path) -> None:
    """`| head -1` ends a long list without a traceback."""
    rows = "".join(f"- {{name: feed {n}, url: 'http://x.example/{n}'}}\n" for n in range(3000))
    (config / "sources.yaml").write_text(f"sources:\n{rows}")
    command = f"{sys.executable} -m monitor --config {config} feeds --json | head -1"
    environment = os.environ | {"XDG_STATE_HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, timeout=180, check=False, env=environment
    )
    assert (done.stdout, done.stderr) == ("[\n", "")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_terminal_without_the_letters_is_no_trouble(config: Path, tmp_path: Path, encoding: str) -> None:
    """What the output cannot show is replaced."""
    program = Path(__file__).with_name("fast_daemon.py")
    environment = os.environ | {"XDG_STATE_HOME": str(tmp_path), "PYTHONIOENCODING": encoding}
    command = [sys.executable, str(program), "--config", str(config), "score", "Пуцњава код Лепосавића, event-x"]
    done = subprocess.run(command, capture_output=True, timeout=180, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"relevant" in done.stdout


def test_the_shipped_model_judges_on_the_command_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The packaged configuration and classifier, whole: the example of the README is relevant."""
    from monitor.classifier import open_model

    monkeypatch.setattr(wiring, "open_model", open_model)
    found = run("score", HEADLINE, "--json").json
    assert isinstance(found, dict)
    assert found["relevant"] is True
    assert {"XK", "RS"} <= set(found["countries"])
