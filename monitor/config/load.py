"""The configuration folder to a Config: which folder, its three files, the environment's secrets, one clear error."""

import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from monitor.config.admins import admins
from monitor.config.model import Config, Keywords, Settings, Sources, TelegramConfig
from monitor.config.secrets import expand, secret
from monitor.config.yaml import Document, Path_, read
from monitor.errors import ConfigError, InputError

FILES = ("monitor.yaml", "sources.yaml", "keywords.yaml")
TOKEN = "TELEGRAM_BOT_TOKEN"
Model = TypeVar("Model", bound=BaseModel)


def defaults() -> Path:
    """The folder of the packaged configuration: installed beside the package, or `config/` in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "defaults"
    return installed if installed.is_dir() else package.parent / "config"


def choose(folder: Path | None) -> Path:
    """The folder to use: the one named, else `./config`, else the user's XDG one, else the packaged defaults."""
    if folder is not None:
        if not folder.is_dir():
            raise ConfigError(f"{folder}: no such configuration folder; `balkan-monitor init {folder}` writes one")
        return folder
    xdg = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "balkan-monitor"
    candidates = (Path("config"), xdg)
    return next((path for path in candidates if any((path / name).is_file() for name in FILES)), defaults())


def stamp(folder: Path) -> tuple[object, ...]:
    """A value that changes when one of the folder's files does."""
    stats = []
    for name in FILES:
        try:
            stat = (folder / name).stat()
            stats.append((stat.st_mtime_ns, stat.st_size, stat.st_ino))
        except OSError:
            stats.append((0, 0, 0))
    return tuple(stats)


def load(folder: Path, environment: Mapping[str, str] | None = None) -> Config:
    """Read and check the folder. A missing file takes the packaged one's place only for sources and keywords.

    Raises ConfigError: one sentence with the file, the line, the key and what was expected.
    """
    environment = os.environ if environment is None else environment
    settings, sources, keywords = (read(_present(folder, name)) for name in FILES)
    _refuse_secret(settings)
    checked = _validate(Settings, settings)
    feeds = _validate(Sources, sources)
    rules = _validate(Keywords, _written_out(keywords))
    _unique(sources, feeds)
    _known_sources(keywords, rules, feeds)
    _known_in_rules(settings, checked, feeds)
    _known_chats(settings, checked)
    _unique_services(settings, checked)
    if checked.polling.min_interval > checked.polling.max_interval:
        raise settings.error(("polling", "min_interval"), "expected at most polling.max_interval")
    telegram = TelegramConfig(**{**dict(checked.telegram), "token": token(environment)})
    return Config(
        **{**dict(checked), "telegram": telegram, **_with_secrets(settings, checked, environment)},
        folder=str(folder),
        sources=tuple(entry.source() for entry in feeds.sources),
        keywords=rules,
    )


def token(environment: Mapping[str, str]) -> SecretStr | None:
    """The bot's token from TELEGRAM_BOT_TOKEN, or from the file that TELEGRAM_BOT_TOKEN_FILE names."""
    value = secret(TOKEN, environment)
    if any(character.isspace() or character == "/" for character in value):
        file = "" if environment.get(TOKEN) else "_FILE"
        raise ConfigError(f"{TOKEN}{file}: expected one token as @BotFather gives it")
    return SecretStr(value) if value else None


def _with_secrets(document: Document, settings: Settings, environment: Mapping[str, str]) -> dict[str, object]:
    """The sections whose addresses may name secrets, with these in them."""

    def known(url: SecretStr, path: Path_) -> SecretStr:
        try:
            return SecretStr(expand(url.get_secret_value(), environment))
        except InputError as error:
            raise document.error(path, str(error)) from None

    services = tuple(
        service.model_copy(update={"url": known(service.url, ("notify", number, "url"))})
        for number, service in enumerate(settings.notify)
    )
    beat = settings.heartbeat
    url = known(beat.url, ("heartbeat", "url")) if beat.url else None
    return {"notify": services, "heartbeat": beat.model_copy(update={"url": url})}


def _present(folder: Path, name: str) -> Path:
    path = folder / name
    return path if path.exists() or name == "monitor.yaml" else defaults() / name


def _refuse_secret(document: Document) -> None:
    telegram = document.values.get("telegram") if isinstance(document.values, dict) else None
    if isinstance(telegram, dict) and "token" in telegram:
        raise document.error(("telegram", "token"), f"a token does not belong in YAML; set {TOKEN} or {TOKEN}_FILE")


def _written_out(document: Document) -> Document:
    """Rules that are plain strings become mappings."""
    if not isinstance(document.values, dict):
        return document
    values = {
        key: tuple({"match": rule} if isinstance(rule, str) else rule for rule in rules)
        if isinstance(rules, tuple)
        else rules
        for key, rules in document.values.items()
    }
    return Document(document.file, values, document.root)


def _validate(model: type[Model], document: Document) -> Model:
    values = document.values
    if values is None:
        return model()
    if not isinstance(values, dict):
        raise document.error((), f"expected keys such as {', '.join(list(model.model_fields)[:3])}")
    try:
        return model.model_validate(_without_empty(values))
    except ValidationError as error:
        raise _complaint(model, document, error.errors()[0]) from None


def _without_empty(values: dict[str, Any]) -> dict[str, Any]:
    """A key without a value (`telegram:` alone) means its default."""
    return {
        key: _without_empty(value) if isinstance(value, dict) else value
        for key, value in values.items()
        if value is not None
    }


def _complaint(model: type[BaseModel], document: Document, error: ErrorDetails) -> ConfigError:
    path: Path_ = tuple(step for step in error["loc"] if step not in {"int", "str", "function-before[chat_id()"})
    if error["type"] == "extra_forbidden":
        known = _keys(model, path[:-1])
        near = difflib.get_close_matches(str(path[-1]), known, n=1, cutoff=0.6)
        hint = f"did you mean '{near[0]}'?" if near else f"expected one of {', '.join(known)}"
        return document.error(path, f"unknown key; {hint}")
    if error["type"] == "missing":
        return document.error(path[:-1], f"the key '{path[-1]}' is missing")
    # Such an address may be a password by itself.
    hidden = path[:1] in {("notify",), ("heartbeat",)} and path[-1] == "url"
    return document.error(path, _expected(error) + ("" if hidden else f", found {_shown(error['input'])}"))


def _expected(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    kind = error["type"]
    plain = {
        "int_type": "expected a whole number",
        "float_type": "expected a number",
        "bool_type": "expected true or false",
        "string_type": "expected text",
        "tuple_type": "expected a list",
        "model_type": "expected keys and values",
        "dict_type": "expected keys and values",
        "string_too_short": "expected text",
        "too_short": "expected at least one element",
        "is_instance_of": "expected text",
    }
    bounds = {
        "greater_than_equal": "at least {ge}",
        "greater_than": "more than {gt}",
        "less_than_equal": "at most {le}",
        "less_than": "less than {lt}",
        "string_too_long": "text of at most {max_length} characters",
        "literal_error": "{expected}",
        "string_pattern_mismatch": "text of the form {pattern}",
    }
    if kind in plain:
        return plain[kind]
    if kind in bounds:
        return "expected " + bounds[kind].format(**context)
    return error["msg"]


def _shown(value: object) -> str:
    text = {True: "true", False: "false"}.get(value) if isinstance(value, bool) else None
    text = text or (f"'{value}'" if isinstance(value, str) else None)
    text = text or ("a list" if isinstance(value, tuple) else "keys" if isinstance(value, dict) else str(value))
    return text if len(text) <= 60 else text[:57] + "...'"


def _keys(model: type[BaseModel], path: Path_) -> list[str]:
    """The valid keys at a path, by walking the model's own fields."""
    current: type[BaseModel] = model
    for step in path:
        if isinstance(step, str) and step in current.model_fields:
            current = _inner(current.model_fields[step].annotation) or current
    return [field.alias or name for name, field in current.model_fields.items() if not field.exclude]


def _inner(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in getattr(annotation, "__args__", ()) if (found := _inner(arg))), None)


def _unique(document: Document, feeds: Sources) -> None:
    for key in ("name", "url"):
        seen: dict[str, int] = {}
        for index, entry in enumerate(feeds.sources):
            value = getattr(entry, key)
            if value in seen:
                first = document.line(("sources", seen[value]))
                raise document.error(("sources", index, key), f"'{value}' stands already in line {first}")
            seen[value] = index


def _known_sources(document: Document, rules: Keywords, feeds: Sources) -> None:
    for kind in ("boost", "mute", "always", "require"):
        for index, rule in enumerate(getattr(rules, kind)):
            _named(document, (kind, index, "sources"), rule.sources, feeds)


def _known_in_rules(document: Document, settings: Settings, feeds: Sources) -> None:
    _named(document, ("alerts", "sources"), settings.alerts.sources, feeds)
    for number, rule in enumerate(settings.alerts.rules):
        _named(document, ("alerts", "rules", number, "sources"), rule.sources, feeds)
    for index, chat in enumerate(settings.telegram.chats):
        for number, rule in enumerate(chat.rules):
            _named(document, ("telegram", "chats", index, "rules", number, "sources"), rule.sources, feeds)
    for index, service in enumerate(settings.notify):
        for number, rule in enumerate(service.rules):
            _named(document, ("notify", index, "rules", number, "sources"), rule.sources, feeds)


def _unique_services(document: Document, settings: Settings) -> None:
    names = [service.name for service in settings.notify]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise document.error(("notify", index, "name"), f"'{name}' stands twice")


def _known_chats(document: Document, settings: Settings) -> None:
    known = [chat.id for chat in settings.telegram.chats]
    for index, chat in enumerate(settings.digest.chats):
        if chat not in known:
            raise document.error(("digest", "chats", index), f"no chat of telegram.chats has the id '{chat}'")


def _named(document: Document, path: Path_, sources: Iterable[str], feeds: Sources) -> None:
    names = [entry.name for entry in feeds.sources]
    for source in sources:
        if source not in names:
            near = difflib.get_close_matches(source, names, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise document.error(path, f"no source is named '{source}'{hint}")


def warnings(config: Config) -> list[str]:
    """What is allowed but probably not meant, a sentence each."""
    found = []
    instead = "notify" if config.notify else "the terminal"
    if config.telegram.token and not config.telegram.chats:
        found.append(f"{TOKEN} is set but telegram.chats is empty: alerts go to {instead}")
    if config.telegram.chats and not config.telegram.token:
        found.append(f"telegram.chats is set but {TOKEN} is not: alerts go to {instead}")
    if config.telegram.admins and not admins(config):
        found.append(
            "telegram.admins is set but nobody is told of changes and troubles: mark a chat or service `admin: true`, "
            "or put an admin's private chat into telegram.chats"
        )
    if not any(source.enabled for source in config.sources):
        found.append("no source is enabled: nothing is polled")
    return found
