"""The configuration folder: what is accepted, and the one sentence that each mistake gives."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from monitor.config import (
    FILES,
    Config,
    DigestConfig,
    HeartbeatConfig,
    Quiet,
    choose,
    load,
    reload,
    stamp,
    warnings,
    write_starter,
)
from monitor.errors import ConfigError

SOURCE = "sources:\n- name: A\n  url: https://a.example/feed\n"


def folder(tmp_path: Path, **files: str) -> Path:
    """A configuration folder with these files (by stem); sources and keywords are empty unless given."""
    for name in ("monitor", "sources", "keywords"):
        (tmp_path / f"{name}.yaml").write_text(files.get(name, ""), "utf-8")
    return tmp_path


def test_empty_files_are_valid_and_give_the_defaults(tmp_path: Path) -> None:
    """Three empty files are a configuration, with every default."""
    config = load(folder(tmp_path), {})
    assert config == Config(folder=str(tmp_path), files=FILES)
    assert config.alerts.max_age == timedelta(hours=12)
    assert config.polling.allow_private is False
    assert config.telegram.api_url == "https://api.telegram.org"


def test_the_packaged_configuration_is_valid_and_warns_of_nothing() -> None:
    """What ships loads, has over a hundred feeds of all seven countries, and gives no warning."""
    config = load(choose(None) if not Path("config").is_dir() else Path("config"), {})
    assert len(config.sources) >= 100
    assert {"AL", "BA", "HR", "XK", "ME", "MK", "RS"} <= {source.country for source in config.sources}
    assert warnings(config) == []


def test_every_commented_key_of_the_starter_is_valid(tmp_path: Path) -> None:
    """Uncommenting every example in monitor.yaml gives a valid file: the comments are true."""
    write_starter(tmp_path)
    text = (tmp_path / "monitor.yaml").read_text("utf-8")
    lines = [line.replace("  # ", "  ", 1) if ":" in line or "- id" in line else line for line in text.splitlines()]
    keys = ("chats", "  - id", "    thread", "    admin", "api_url", "threshold", "max_age", "countries", "timezone")
    keys += ("min_interval", "max_interval", "timeout", "max_bytes", "concurrency", "per_host", "host_delay")
    keys += ("types", "severity", "languages", "corroboration", "cooldown", "quiet", "    rules", "      - countries")
    keys += ("        severity", "        cooldown", "      - severity", "        corroboration", "        quiet")
    keys += (
        "- name",
        "  url",
        "  admin",
        "  rules",
        "    - severity",
        "interval",
        "webhook",
        "allow_private",
        "user_agent",
        "url",
        "retention",
        "model",
        "threads",
        "batch",
        "listen",
        "at",
    )
    keys += ("    language", "loud_from")
    kept = [line for line in lines if not line.startswith("  ") or line[2:].startswith(keys)]
    (tmp_path / "monitor.yaml").write_text("\n".join(kept), "utf-8")
    config = load(tmp_path, {"MAIL_PASSWORD": "x", "HEARTBEAT_URL": "https://beat.example/1"})
    assert [(service.name, service.admin, len(service.rules)) for service in config.notify] == [
        ("desk", True, 0),
        ("phone", False, 1),
    ]
    assert config.heartbeat == HeartbeatConfig(url=SecretStr("https://beat.example/1"))
    assert [chat.id for chat in config.telegram.chats] == [-1001234567890, 123456789]
    assert [chat.language for chat in config.telegram.chats] == ["sr", "en"]
    assert [rule.severity for rule in config.telegram.chats[0].rules] == [3, 2]
    assert config.alerts.quiet == Quiet(**{"from": "22:00", "to": "7:00"})
    assert config.digest == DigestConfig(at="08:00", chats=(-1001234567890,))
    assert config.storage.url == "sqlite:////var/lib/balkan-monitor/monitor.db"


def test_a_string_is_a_rule_and_a_source_needs_only_name_and_url(tmp_path: Path) -> None:
    """The short forms are filled with defaults; the outlet is the host without www."""
    config = load(folder(tmp_path, sources=SOURCE.replace("a.ex", "www.a.ex"), keywords="boost: [kosov*]\n"), {})
    assert config.keywords.boost[0].match == "kosov*"
    assert config.sources[0].outlet == "a.example"


def test_keys_without_a_value_mean_their_defaults(tmp_path: Path) -> None:
    """`telegram:` alone, as left by commenting its keys out, is not a mistake."""
    assert load(folder(tmp_path, monitor="telegram:\nalerts:\n  threshold:\n"), {}).alerts.threshold is None


BROKEN = [
    (
        "monitor",
        "telegram:\n  chats:\n  - id: 1\n    rules:\n    - {types: [clahs]}",
        "line 5: telegram.chats[0].rules[0].types[0]: expected one of deployment, clash, ",
    ),
    ("monitor", "telegram:\n  chats:\n  - id: 1\n    rules:\n    - {quiet: {form: 1:00, to: 2:00}}", "rules[0].quiet"),
    (
        "monitor",
        "telegram:\n  chats:\n  - id: 1\n    rules:\n    - {sources: [B]}",
        "line 5: telegram.chats[0].rules[0].sources: no source is named 'B'",
    ),
    (
        "monitor",
        "alerts:\n  quiet: {from: 25:00, to: 3:00}",
        "line 2: alerts.quiet.from: expected a time of day with its minutes, such as \"22:00\", found '25:00'",
    ),
    ("monitor", "alerts:\n  quiet: {to: 3:00}", "line 2: alerts.quiet: the key 'from' is missing"),
    ("monitor", "alerts:\n  severity: grave", "line 2: alerts.severity: expected a whole number, found 'grave'"),
    ("monitor", "alerts:\n  rules: [{severity: 5}]", "alerts.rules[0].severity: expected at most 4, found 5"),
    ("monitor", "alerts:\n  rules: [{countries: [GR]}]", "alerts.rules[0].countries: expected some of AL, BA"),
    ("monitor", "digest:\n  at: 24:00", "line 2: digest.at: expected a time of day with its minutes"),
    ("monitor", "digest:\n  chats: [5]", "digest.chats[0]: no chat of telegram.chats has the id '5'"),
    ("monitor", "alerts:\n  cooldown: 3d", "alerts.cooldown: expected at most"),
    (
        "monitor",
        "telegram:\n  chats:\n  - id: 1\n    language: sr-cyrl\n",
        "line 4: telegram.chats[0].language: expected 'en', 'sr', 'sr-Cyrl', 'sq', 'bs', 'hr' or 'mk', found 'sr-cyrl'",
    ),
    ("monitor", "alrets:\n  threshold: 1\n", "line 1: alrets: unknown key; did you mean 'alerts'?"),
    ("monitor", "alerts:\n  treshold: 0.5\n", "line 2: alerts.treshold: unknown key; did you mean 'threshold'?"),
    ("monitor", "alerts:\n  zzz: 1\n", "line 2: alerts.zzz: unknown key; expected one of threshold, max_age"),
    ("monitor", "alerts:\n  threshold: high\n", "line 2: alerts.threshold: expected a number, found 'high'"),
    ("monitor", "alerts:\n  threshold: 1.01\n", "line 2: alerts.threshold: expected at most 1.0, found 1.01"),
    ("monitor", "alerts:\n  threshold: -0.1\n", "line 2: alerts.threshold: expected at least 0.0, found -0.1"),
    ("monitor", "alerts:\n  threshold: true\n", "line 2: alerts.threshold: expected a number, found true"),
    ("monitor", "alerts:\n  threshold: .nan\n", "line 2: alerts.threshold"),
    ("monitor", "alerts:\n  max_age: soon\n", "line 2: alerts.max_age: expected a duration such as 30s"),
    ("monitor", "alerts:\n  max_age: 1s\n", "line 2: alerts.max_age: expected at least"),
    ("monitor", "alerts:\n  max_age: .inf\n", "line 2: alerts.max_age: expected a duration"),
    ("monitor", "alerts:\n  countries: [XX]\n", "line 2: alerts.countries: expected some of AL, BA"),
    ("monitor", "alerts:\n  countries: []\n", "line 2: alerts.countries: expected some of AL, BA"),
    ("monitor", "alerts:\n  countries: XK\n", "line 2: alerts.countries: expected a list, found 'XK'"),
    ("monitor", "alerts: 5\n", "line 1: alerts: expected keys and values, found 5"),
    ("monitor", "display:\n  timezone: Europe/Prishtine\n", "line 2: display.timezone: expected an IANA time zone"),
    ("monitor", "display:\n  timezone: ../etc/passwd\n", "line 2: display.timezone: expected an IANA time zone"),
    ("monitor", "storage:\n  url: mysql://x/y\n", "line 2: storage.url: expected sqlite:///FILE"),
    ("monitor", "storage:\n  retention: 1h\n", "line 2: storage.retention: expected at least"),
    ("monitor", "polling:\n  concurrency: 0\n", "line 2: polling.concurrency: expected at least 1, found 0"),
    ("monitor", "polling:\n  concurrency: '8'\n", "line 2: polling.concurrency: expected a whole number, found '8'"),
    ("monitor", "polling:\n  allow_private: maybe\n", "line 2: polling.allow_private: expected true or false"),
    (
        "monitor",
        "polling:\n  min_interval: 2h\n",
        "line 2: polling.min_interval: expected at most polling.max_interval",
    ),
    ("monitor", "telegram:\n  token: 1:abc\n", "line 2: telegram.token: a token does not belong in YAML"),
    ("monitor", "telegram:\n  api_url: example.org\n", "line 2: telegram.api_url: expected"),
    ("monitor", "telegram:\n  admins: ['@ana']\n", "telegram.admins[0]: expected a whole number, found '@ana'"),
    ("monitor", "telegram:\n  admins: [-5]\n", "telegram.admins[0]: expected at least 1, found -5"),
    (
        "monitor",
        "telegram:\n  webhook: {url: 'http://x.org'}\n",
        "telegram.webhook.url: expected an address such as https://",
    ),
    ("monitor", "telegram:\n  webhook: {listen: '127.0.0.1:1'}\n", "webhook: the key 'url' is missing"),
    ("monitor", "telegram:\n  chats:\n  - id: everyone\n", "line 3: telegram.chats[0].id: expected a chat's number"),
    ("monitor", "telegram:\n  chats:\n  - thread: 3\n", "line 3: telegram.chats[0]: the key 'id' is missing"),
    ("monitor", "telegram:\n  chats:\n  - id: 0\n", "line 3: telegram.chats[0].id: expected a chat's number"),
    ("monitor", "alerts:\n\tthreshold: 1\n", "line 2: not valid YAML"),
    ("monitor", "alerts: {threshold: 1\n", "not valid YAML"),
    ("monitor", "- a\n- b\n", "line 1: expected keys such as telegram"),
    ("monitor", "alerts:\n  threshold: 0.1\nalerts:\n  threshold: 0.2\n", "line 3: the key 'alerts' stands twice"),
    ("monitor", "1: 2\n", "line 1: the key 1 is not text"),
    ("monitor", "a: &x [1]\nb: *x\n", "line 2: aliases (*name) are not supported"),
    ("monitor", "a: !!python/object:os.system x\n", "not valid YAML"),
    ("monitor", "when: 2024-13-45\n", "not valid YAML"),
    ("monitor", "web:\n  listen: everywhere\n", "line 2: web.listen: expected a host and a port"),
    (
        "sources",
        SOURCE + "- name: A\n  url: https://b.example/\n",
        "line 4: sources[1].name: 'A' stands already in line 2",
    ),
    (
        "sources",
        SOURCE + "- name: B\n  url: https://a.example/feed\n",
        "line 5: sources[1].url: 'https://a.example/feed'",
    ),
    ("sources", "sources:\n- name: A\n", "line 2: sources[0]: the key 'url' is missing"),
    (
        "sources",
        "sources:\n- name: A\n  url: ftp://a.example\n",
        "line 3: sources[0].url: expected an address that starts",
    ),
    ("sources", "sources:\n- name: A\n  url: 'http://'\n", "line 3: sources[0].url: expected an address that starts"),
    ("sources", "sources:\n- name: A\n  url: 'http://a b.example'\n", "line 3: sources[0].url: expected an address"),
    (
        "sources",
        "sources:\n- name: A\n  url: 'http://a.example:99999/'\n",
        "line 3: sources[0].url: expected an address",
    ),
    ("sources", SOURCE + "  tier: 4\n", "line 4: sources[0].tier: expected at most 3, found 4"),
    ("sources", SOURCE + "  country: Serbia\n", "line 4: sources[0].country: expected a two-letter ISO 3166"),
    ("sources", SOURCE + "  lang: serbian\n", "line 4: sources[0].lang: expected a BCP 47 language tag"),
    ("sources", SOURCE + "  interval: 1s\n", "line 4: sources[0].interval: expected at least"),
    ("sources", SOURCE + "  enabeld: false\n", "line 4: sources[0].enabeld: unknown key; did you mean 'enabled'?"),
    ("sources", "sources:\n- https://a.example\n", "line 2: sources[0]: expected keys and values"),
    ("sources", "feeds: []\n", "line 1: feeds: unknown key; expected one of sources"),
    ("keywords", "mute: ['']\n", "line 1: mute[0].match: expected a word, a phrase or a stem"),
    ("keywords", "mute: ['*']\n", "line 1: mute[0].match: expected a word, a phrase or a stem"),
    ("keywords", "mute: ['a*']\n", "line 1: mute[0].match: expected at least two letters before *"),
    ("keywords", "mute: ['... !']\n", "line 1: mute[0].match: expected a word, a phrase or a stem"),
    ("keywords", "mute: ['a*b']\n", "line 1: mute[0].match: expected * only at the end of a word"),
    ("keywords", "mute: football\n", "line 1: mute: expected a list, found 'football'"),
    ("keywords", "boost:\n- match: army\n  weight: heavy\n", "line 3: boost[0].weight: expected a number"),
    ("keywords", "boost:\n- match: army\n  weight: 11\n", "line 3: boost[0].weight: expected at most 10"),
    ("keywords", "boost:\n- match: army\n  fields: [body]\n", "line 3: boost[0].fields[0]: expected 'title'"),
    ("keywords", "boost:\n- match: army\n  countries: [XZ]\n", "line 3: boost[0].countries[0]: expected a two-letter"),
    ("keywords", "boost:\n- match: army\n  sources: [Nobody]\n", "line 3: boost[0].sources: no source is named"),
    # A second entry would replace the rules of the first.
    (
        "monitor",
        "telegram:\n  chats:\n  - {id: -1001, thread: 5}\n  - {id: '-1001', thread: 6}\n",
        "line 4: telegram.chats[1].id: '-1001' stands already in line 3; give one entry all its rules; a rule may have",
    ),
    (
        "monitor",
        "telegram:\n  chats: [{id: '@news'}, {id: '@News'}]\n",
        "chats[1].id: '@News' stands already in line 2",
    ),
    (
        "monitor",
        "notify:\n- {name: a, url: 'ntfy://x'}\n- {name: a, url: 'ntfy://y'}\n",
        "line 3: notify[1].name: 'a' stands twice",
    ),
    # Plain numbers could be hours or minutes.
    (
        "monitor",
        "alerts:\n  quiet: {from: 22, to: 7}\n",
        'quiet.from: expected a time of day with its minutes, such as "22:00"',
    ),
    (
        "monitor",
        "digest:\n  at: 8\n",
        'line 2: digest.at: expected a time of day with its minutes, such as "22:00", found 8',
    ),
    ("monitor", "digest:\n  at: 800\n", "line 2: digest.at: expected a time of day with its minutes"),
    # Out of range.
    (
        "monitor",
        "alerts:\n  max_age: 999999999d\n",
        "line 2: alerts.max_age: expected at most 365d, found '999999999d'",
    ),
    ("monitor", "alerts:\n  max_age: 366d\n", "line 2: alerts.max_age: expected at most 365d, found '366d'"),
    ("monitor", "storage:\n  retention: 3651d\n", "line 2: storage.retention: expected at most 3650d"),
    ("monitor", "polling:\n  timeout: 0\n", "line 2: polling.timeout: expected at least 1s, found 0"),
    (
        "monitor",
        "polling:\n  max_interval: 0s\n  min_interval: 10s\n",
        "line 2: polling.max_interval: expected at least 10s",
    ),
    ("monitor", "telegram:\n  chats: [{id: 5, thread: 2147483648}]\n", "thread: expected less than 2147483648"),
    ("monitor", "telegram:\n  chats: [{id: 4503599627370496}]\n", "chats[0].id: expected a chat's number"),
    ("monitor", "telegram:\n  admins: [99999999999999999999]\n", "admins[0]: expected less than 4503599627370496"),
    ("monitor", "polling:\n  user_agent: Über\n", "line 2: polling.user_agent: expected one line of ASCII text"),
    ("monitor", 'polling:\n  user_agent: "a\\nb"\n', "line 2: polling.user_agent: expected one line of ASCII text"),
    ("monitor", '"a\\nb": 1\n', "line 1: a\\nb: unknown key"),
    ("monitor", "polling:\n  user_agent: ' '\n", "line 2: polling.user_agent: expected one line of ASCII text"),
    ("monitor", "web:\n  listen: 127.0.0.1:65536\n", "line 2: web.listen: expected a host and a port of 1 to 65535"),
    (
        "monitor",
        "telegram:\n  webhook: {url: 'https://x.example/t', listen: '127.0.0.1:0'}\n",
        "webhook.listen: expected a host and a port of 1 to 65535",
    ),
    (
        "monitor",
        "telegram:\n  webhook: {url: 'https://x.example:99999/t'}\n",
        "webhook.url: expected an address such as",
    ),
    ("monitor", "telegram:\n  api_url: http://?\n", "line 2: telegram.api_url: expected an address"),
    ("monitor", "telegram:\n  api_url: https://:443\n", "line 2: telegram.api_url: expected an address"),
    ("monitor", "telegram:\n  api_url: http://x:99999999\n", "line 2: telegram.api_url: expected an address"),
    ("monitor", "telegram:\n  api_url: 'http://[::1'\n", "line 2: telegram.api_url: expected an address"),
    ("sources", "sources:\n- {name: A, url: 'http://..x..'}\n", "line 2: sources[0].url: expected an address"),
    ("sources", "sources:\n- {name: A, url: 'http://%41'}\n", "line 2: sources[0].url: expected an address"),
    ("sources", 'sources:\n- {name: "a\\nb", url: "http://x"}\n', "line 2: sources[0].name: expected one line of text"),
    # Keys that are named as pydantic names kinds.
    ("monitor", "int: 5\n", "line 1: int: unknown key; "),
    ("monitor", "telegram:\n  str: 4\n", "line 2: telegram.str: unknown key; "),
    ("monitor", "telegram:\n  chats: [{id: 5, int: 3}]\n", "line 2: telegram.chats[0].int: unknown key; "),
    # Databases that cannot be, or that forget.
    (
        "monitor",
        "storage:\n  url: postgresql://x:abc@localhost:port/db\n",
        "line 2: storage.url: expected sqlite:///FILE",
    ),
    ("monitor", "storage:\n  url: postgresql://localhost:65536/db\n", "line 2: storage.url: expected sqlite:///FILE"),
    ("monitor", "storage:\n  url: 'sqlite://'\n", "line 2: storage.url: expected sqlite:///FILE"),
    ("monitor", "storage:\n  url: 'sqlite:///'\n", "line 2: storage.url: expected sqlite:///FILE"),
    ("monitor", "storage:\n  url: 'sqlite:///:memory:'\n", "line 2: storage.url: expected sqlite:///FILE"),
    ("monitor", "storage:\n  url: 'sqlite:///file:x?mode=memory&uri=true'\n", "line 2: storage.url: expected sqlite"),
    # Keywords, as the matcher reads them.
    ("keywords", "mute: ['ьь*']\n", "line 1: mute[0].match: expected at least two letters before *"),
    ("keywords", 'mute: ["a\'b*"]\n', "line 1: mute[0].match: expected at least two letters before *"),
    ("keywords", "boost: [1389]\n", "line 1: boost[0].match: expected text; put it in quotes, found 1389"),
    ("keywords", "boost:\n- no\n", "line 2: boost[0].match: expected text; put it in quotes, found false"),
    ("keywords", "mute:\n- {match: sport, weight: 2}\n", "line 2: mute[0].weight: only rules of boost have a weight"),
    ("keywords", "boost:\n- {match: x, languages: [sh]}\n", "boost[0].languages[0]: expected a BCP 47 language tag"),
    ("sources", SOURCE + "  country: NO\n", "line 4: sources[0].country: expected text; put it in quotes, found false"),
    ("sources", SOURCE + "  lang: srp\n", "line 4: sources[0].lang: expected a BCP 47 language tag such as sq, sr"),
    ("monitor", "alerts:\n  languages: [xx]\n", "line 2: alerts.languages[0]: expected a BCP 47 language tag"),
    (
        "monitor",
        "notify: [{name: Desk, url: 'ntfy://x'}]\n",
        "line 1: notify[0].name: expected at most 40 small letters, digits, - and _",
    ),
    ("keywords", "boots: [army]\n", "line 1: boots: unknown key; did you mean 'boost'?"),
]


@pytest.mark.parametrize(("file", "text", "complaint"), BROKEN, ids=[f"{f}-{i}" for i, (f, _, _) in enumerate(BROKEN)])
def test_a_mistake_is_one_sentence(tmp_path: Path, file: str, text: str, complaint: str) -> None:
    """Each broken file gives one line that names the file, the line, the key and what was expected."""
    with pytest.raises(ConfigError) as caught:
        load(folder(tmp_path, **{file: text}), {})
    message = str(caught.value)
    assert complaint in message
    assert message.startswith(str(tmp_path / f"{file}.yaml"))
    assert "\n" not in message


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("monitor", "alerts: {max_age: 365d}\nstorage: {retention: 3650d}\n"),
        ("monitor", "alerts: {quiet: {from: 22:00, to: '7:30'}}\ndigest: {at: 8:05}\n"),
        ("monitor", "telegram: {chats: [{id: 4503599627370495, thread: 2147483647}, {id: '-4503599627370495'}]}\n"),
        ("monitor", "web: {listen: 'localhost:65535'}\ntelegram: {api_url: 'http://[::1]:8081/bot'}\n"),
        ("monitor", "storage: {url: 'postgresql://me:p%40ss@[::1]:5432/db'}\n"),
        ("monitor", "storage: {url: 'postgresql+psycopg://me@a:1,b:65535/db?sslmode=require'}\n"),
        ("monitor", "storage: {url: 'postgresql:///db?host=/run/postgresql'}\n"),
        ("monitor", "storage: {url: 'sqlite:///state/my monitor.db'}\n"),
        ("sources", "sources: [{name: Š, url: 'https://vijesti_x.šabac.example.:8080/a?b=c#d', lang: cnr}]\n"),
        ("keywords", "boost: [12:30, ра*, s\u030cu*, KFOR-ov*]\nmute: [{match: 'ab*'}]\n"),
    ],
)
def test_what_is_just_within_bounds_is_accepted(tmp_path: Path, file: str, text: str) -> None:
    """The bounds refuse nothing that works."""
    load(folder(tmp_path, **{file: text}), {})


def test_a_folder_or_file_that_vanishes_is_a_refused_edit(tmp_path: Path) -> None:
    """Neither turns a running program to the packaged feeds and no chats; a file that never was is not missed."""
    held = tmp_path / "held"
    held.mkdir()
    folder(held)
    (held / "keywords.yaml").unlink()
    old = load(held, {})
    assert reload(held, old) == old
    (held / "sources.yaml").rename(tmp_path / "sources.yaml")
    with pytest.raises(ConfigError, match=r"held/sources\.yaml: is gone; put it back"):
        reload(held, old)
    (held / "monitor.yaml").unlink()
    held.rmdir()
    with pytest.raises(ConfigError, match="held: no such configuration folder"):
        reload(held, old)


def test_bytes_that_are_not_text_name_their_line(tmp_path: Path) -> None:
    """A file in another encoding is refused with its line."""
    folder(tmp_path)
    (tmp_path / "monitor.yaml").write_bytes("alerts:\n  # Приштина".encode("cp1251"))
    with pytest.raises(ConfigError, match="line 2: not UTF-8 text"):
        load(tmp_path, {})


def test_the_token_comes_from_the_environment_or_a_file_and_is_not_shown(tmp_path: Path) -> None:
    """Both ways give the token; its representation is masked."""
    secret = tmp_path / "token"
    secret.write_text("12:abc\n", "utf-8")
    config = folder(tmp_path)
    for environment in ({"TELEGRAM_BOT_TOKEN": "12:abc"}, {"TELEGRAM_BOT_TOKEN_FILE": str(secret)}):
        loaded = load(config, environment)
        assert loaded.telegram.token is not None
        assert loaded.telegram.token.get_secret_value() == "12:abc"
        assert "12:abc" not in repr(loaded)


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"TELEGRAM_BOT_TOKEN_FILE": "/nowhere/token"}, "TELEGRAM_BOT_TOKEN_FILE: /nowhere/token cannot be read"),
        ({"TELEGRAM_BOT_TOKEN": "12: abc"}, "TELEGRAM_BOT_TOKEN: expected one token"),
    ],
)
def test_a_bad_token_is_named_but_not_shown(tmp_path: Path, environment: dict[str, str], complaint: str) -> None:
    """The message says which variable is wrong, and never the value."""
    with pytest.raises(ConfigError) as caught:
        load(folder(tmp_path), environment)
    assert complaint in str(caught.value)
    assert "abc" not in str(caught.value)


def test_the_folder_is_the_one_named_then_config_then_xdg_then_packaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order of choice, and an unknown folder is refused."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    packaged = choose(None)
    assert (packaged / "sources.yaml").is_file()
    user = tmp_path / "xdg" / "balkan-monitor"
    user.mkdir(parents=True)
    folder(user)
    assert choose(None) == user
    Path("config").mkdir()
    assert choose(None) == user, "an unrelated folder named config is not a configuration"
    folder(Path("config"))
    assert choose(None) == Path("config")
    with pytest.raises(ConfigError, match="no such configuration folder"):
        choose(tmp_path / "none")


def test_a_missing_file_uses_the_packaged_feeds_and_rules(tmp_path: Path) -> None:
    """A folder with only monitor.yaml still polls the shipped feeds."""
    (tmp_path / "monitor.yaml").write_text("", "utf-8")
    assert len(load(tmp_path, {}).sources) >= 100


def test_the_starter_is_written_once(tmp_path: Path) -> None:
    """Three files are written, load, and are never overwritten."""
    target = tmp_path / "new"
    assert [path.name for path in write_starter(target)] == ["monitor.yaml", "sources.yaml", "keywords.yaml"]
    load(target, {})
    (target / "monitor.yaml").unlink()
    before = (target / "sources.yaml").stat().st_mtime_ns
    with pytest.raises(ConfigError, match=r"sources\.yaml exists already; nothing was written"):
        write_starter(target)
    assert not (target / "monitor.yaml").exists()
    assert (target / "sources.yaml").stat().st_mtime_ns == before


def test_the_stamp_changes_with_a_file(tmp_path: Path) -> None:
    """An edit of any file gives another stamp; no edit gives the same."""
    config = folder(tmp_path)
    before = stamp(config)
    assert stamp(config) == before
    (config / "keywords.yaml").write_text("mute: [sport]\n", "utf-8")
    assert stamp(config) != before


def test_settings_that_contradict_are_warned_of(tmp_path: Path) -> None:
    """A token without chats, chats without a token, and no feeds are told, not refused."""
    config = folder(tmp_path, monitor="telegram:\n  chats: [{id: '-10042'}]\n")
    assert any("TELEGRAM_BOT_TOKEN is not" in text for text in warnings(load(config, {})))
    assert any("no source is enabled" in text for text in warnings(load(config, {})))
    assert any(
        "telegram.chats is empty" in text for text in warnings(load(folder(tmp_path), {"TELEGRAM_BOT_TOKEN": "1:a"}))
    )
