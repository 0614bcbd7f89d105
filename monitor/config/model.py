"""The configuration's values, their defaults and their bounds. Reads nothing."""

from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from monitor.config.policy import AlertsConfig, Clock, PolicyConfig, Thread
from monitor.config.section import Country, Duration, Language, Section
from monitor.config.values import (
    LARGEST_ID,
    chat_id,
    check_database,
    check_feed_url,
    check_listen,
    check_match,
    check_name,
    check_secret_url,
    check_service,
    check_service_name,
    check_timezone,
    check_user_agent,
    check_webhook_url,
    family,
)
from monitor.domain import Source

Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(check_name)]
Tongue = Literal["en", "sr", "sr-Cyrl", "sq", "bs", "hr", "mk"]
FieldName = Literal["title", "summary", "url"]


class PollingConfig(Section):
    """How feeds are fetched. Times are durations, sizes are bytes."""

    min_interval: Annotated[Duration, Field(ge=timedelta(seconds=10))] = timedelta(minutes=1)
    max_interval: Annotated[Duration, Field(ge=timedelta(seconds=10), le=timedelta(days=1))] = timedelta(hours=1)
    timeout: Annotated[Duration, Field(ge=timedelta(seconds=1), le=timedelta(minutes=5))] = timedelta(seconds=20)
    max_bytes: Annotated[int, Field(ge=10_000, le=100_000_000)] = 5_000_000
    concurrency: Annotated[int, Field(ge=1, le=256)] = 16
    per_host: Annotated[int, Field(ge=1, le=64)] = 2
    host_delay: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(minutes=1))] = timedelta(seconds=1)
    allow_private: bool = False
    user_agent: Annotated[str, Field(max_length=300), AfterValidator(check_user_agent)] | None = None


class ClassifierConfig(Section):
    """Which model judges. `model` is a folder, or a hub name with the extra `train`."""

    model: Annotated[str, Field(min_length=1)] | None = None
    threads: Annotated[int, Field(ge=1, le=64)] | None = None
    batch: Annotated[int, Field(ge=1, le=256)] = 16


class Chat(Section):
    """A Telegram chat that receives alerts: its id, or the @name of a public channel."""

    id: Annotated[int | str, BeforeValidator(chat_id)]
    admin: bool = False
    language: Tongue = "en"
    thread: Thread | None = None
    rules: tuple[PolicyConfig, ...] = ()


class WebhookConfig(Section):
    """Where Telegram brings what people write, in place of being asked: the public address, and where it is served."""

    url: Annotated[str, AfterValidator(check_webhook_url)]
    listen: Annotated[str, AfterValidator(check_listen)] = "127.0.0.1:8443"


class TelegramConfig(Section):
    """Where alerts go, and who may change settings there. The token comes from the environment only."""

    chats: tuple[Chat, ...] = ()
    admins: tuple[Annotated[int, Field(ge=1, lt=LARGEST_ID)], ...] = ()
    webhook: WebhookConfig | None = None
    api_url: Annotated[str, AfterValidator(check_feed_url)] = "https://api.telegram.org"
    token: SecretStr | None = Field(default=None, exclude=True)


class Service(Section):
    """Another way out, by its name: an address as Apprise understands it, which may hold a password."""

    name: Annotated[str, AfterValidator(check_service_name)]
    url: Annotated[SecretStr, AfterValidator(check_service)]
    admin: bool = False
    rules: tuple[PolicyConfig, ...] = ()

    @property
    def chat(self) -> str:
        """What the outbox calls it."""
        return f"notify:{self.name}"


class HeartbeatConfig(Section):
    """The address that is fetched while the daemon works, so that its silence is noticed elsewhere (None: none)."""

    url: Annotated[SecretStr, AfterValidator(check_secret_url)] | None = None
    interval: Annotated[Duration, Field(ge=timedelta(seconds=30), le=timedelta(days=1))] = timedelta(minutes=5)


class StorageConfig(Section):
    """Where state is kept: an SQLAlchemy URL (None: SQLite in the user's state folder), and how long articles stay."""

    url: Annotated[str, AfterValidator(check_database)] | None = None
    retention: Annotated[Duration, Field(ge=timedelta(days=2), le=timedelta(days=3650))] = timedelta(days=90)


class DisplayConfig(Section):
    """How times are shown."""

    timezone: Annotated[str, AfterValidator(check_timezone)] = "Europe/Belgrade"

    @property
    def zone(self) -> ZoneInfo:
        """The time zone itself."""
        return ZoneInfo(self.timezone)


class DigestConfig(Section):
    """The daily digest: when, on the clock of display.timezone (None: never), and for which chats (none: for all)."""

    at: Clock | None = None
    chats: tuple[Annotated[int | str, BeforeValidator(chat_id)], ...] = ()


class WebConfig(Section):
    """Reserved: the address of the status page."""

    listen: Annotated[str, AfterValidator(check_listen)] | None = None


class SourceEntry(Section):
    """One element of `sources` in sources.yaml."""

    name: Name
    url: Annotated[str, AfterValidator(check_feed_url)]
    lang: Language | None = None
    country: Country | None = None
    camp: Name = "other"
    outlet: Name | None = None
    tier: Annotated[int, Field(ge=1, le=3)] = 2
    enabled: bool = True
    interval: Annotated[Duration, Field(ge=timedelta(seconds=10), le=timedelta(days=1))] | None = None

    def source(self) -> Source:
        """The same as the program's own value; the outlet defaults to the address's host."""
        return Source(**{**self.model_dump(), "outlet": self.outlet or family(self.url)})


class Sources(Section):
    """The file sources.yaml."""

    sources: tuple[SourceEntry, ...] = ()


class KeywordRule(Section):
    """One rule: a word, a phrase or a stem with `*`, and where it applies. Empty limits mean everywhere."""

    match: Annotated[str, AfterValidator(check_match)]
    weight: Annotated[float, Field(ge=-10, le=10)] = 1.0
    languages: tuple[Language, ...] = ()
    countries: tuple[Country, ...] = ()
    sources: tuple[str, ...] = ()
    fields: Annotated[tuple[FieldName, ...], Field(min_length=1)] = ("title", "summary")


class Keywords(Section):
    """The rules of keywords.yaml by list."""

    boost: tuple[KeywordRule, ...] = ()
    mute: tuple[KeywordRule, ...] = ()
    always: tuple[KeywordRule, ...] = ()
    require: tuple[KeywordRule, ...] = ()


class Settings(Section):
    """The file monitor.yaml."""

    telegram: TelegramConfig = TelegramConfig()
    notify: tuple[Service, ...] = ()
    heartbeat: HeartbeatConfig = HeartbeatConfig()
    storage: StorageConfig = StorageConfig()
    alerts: AlertsConfig = AlertsConfig()
    polling: PollingConfig = PollingConfig()
    classifier: ClassifierConfig = ClassifierConfig()
    display: DisplayConfig = DisplayConfig()
    digest: DigestConfig = DigestConfig()
    web: WebConfig = WebConfig()


class Config(Settings):
    """All three files, the folder that they came from, and which of them were there."""

    folder: str = ""
    files: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    keywords: Keywords = Keywords()
