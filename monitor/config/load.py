"""The configuration folder to a Config: which folder, its three files, the environment's secrets, one clear error."""

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from monitor.config.admins import admins
from monitor.config.model import Config, Keywords, Settings, Sources, TelegramConfig
from monitor.config.secrets import expand, secret
from monitor.config.values import format_duration
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


def reload(folder: Path, old: Config) -> Config:
    """Read the folder again. Raises ConfigError also where a file is gone that was there when `old` was read."""
    config = load(folder)
    gone = [name for name in old.files if name not in config.files]
    if gone:
        raise ConfigError(f"{folder / gone[0]}: is gone; put it back, or restart to do without it")
    return config


def located(config: Config, path: Path_, message: str) -> ConfigError:
    """What is wrong with a value of monitor.yaml that only its use shows, with the file, the line and the key."""
    return read(Path(config.folder) / FILES[0]).error(path, message)


def load(folder: Path, environment: Mapping[str, str] | None = None) -> Config:
    """Read and check the folder. A missing file takes the packaged one's place only for sources and keywords.

    Raises ConfigError: one sentence with the file, the line, the key and what was expected.
    """
    environment = os.environ if environment is None else environment
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such configuration folder")
    settings, sources, keywords = (read(_present(folder, name)) for name in FILES)
    _refuse_secret(settings)
    checked = _validate(Settings, settings)
    feeds = _validate(Sources, sources)
    rules = _validate(Keywords, _written_out(keywords))
    _unique(sources, feeds)
    _known_sources(keywords, rules, feeds)
    _weightless(keywords, rules)
    _known_in_rules(settings, checked, feeds)
    _known_chats(settings, checked)
    _unique_services(settings, checked)
    _unique_chats(settings, checked)
    if checked.polling.min_interval > checked.polling.max_interval:
        raise settings.error(("polling", "min_interval"), "expected at most polling.max_interval")
    telegram = TelegramConfig(**{**dict(checked.telegram), "token": token(environment)})
    return Config(
        **{**dict(checked), "telegram": telegram, **_with_secrets(settings, checked, environment)},
        folder=str(folder),
        files=tuple(name for name in FILES if (folder / name).exists()),
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
    """Rules that are single values become mappings."""
    if not isinstance(document.values, dict):
        return document
    values = {
        key: tuple(rule if isinstance(rule, dict | tuple) else {"match": rule} for rule in rules)
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
    path = _written(error["loc"], document.values)
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


def _written(steps: Path_, values: object) -> Path_:
    """The path without the steps that pydantic adds below a value for the kinds that it may be of."""
    path: list[str | int] = []
    for step in steps:
        if isinstance(step, str) and isinstance(values, dict):
            path.append(step)
            values = values.get(step)
        elif isinstance(step, int) and isinstance(values, tuple):
            path.append(step)
            values = values[step] if step < len(values) else None
    return tuple(path)


def _expected(error: ErrorDetails) -> str:
    context = {
        key: format_duration(_span(bound)) if str(bound).startswith("datetime.timedelta(") else bound
        for key, bound in error.get("ctx", {}).items()
    }
    kind = error["type"]
    plain = {
        "int_type": "expected a whole number",
        "float_type": "expected a number",
        "bool_type": "expected true or false",
        "string_type": "expected text" + ("; put it in quotes" if _needs_quotes(error["input"]) else ""),
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
    }
    if kind in plain:
        return plain[kind]
    if kind in bounds:
        return "expected " + bounds[kind].format(**context)
    return error["msg"]


def _span(text: str) -> timedelta:
    """The duration that pydantic names a bound by: only as Python writes it, `datetime.timedelta(days=1)`."""
    return timedelta(**{unit: int(number) for unit, number in re.findall(r"(\w+)=(\d+)", text)})


def _needs_quotes(value: object) -> bool:
    """Whether it was meant as text and YAML took it for something else: 1389, no, 2024-05-01."""
    return value is not None and not isinstance(value, dict | tuple)


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
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


def _unique_chats(document: Document, settings: Settings) -> None:
    seen: dict[str, int] = {}
    for index, chat in enumerate(settings.telegram.chats):
        first = seen.setdefault(str(chat.id).lower(), index)
        if first != index:
            line = document.line(("telegram", "chats", first, "id"))
            hint = "give one entry all its rules; a rule may have a `thread` of its own"
            raise document.error(
                ("telegram", "chats", index, "id"), f"'{chat.id}' stands already in line {line}; {hint}"
            )


def _weightless(document: Document, rules: Keywords) -> None:
    for kind in ("mute", "always", "require"):
        for index, rule in enumerate(getattr(rules, kind)):
            if "weight" in rule.model_fields_set:
                raise document.error((kind, index, "weight"), "only rules of boost have a weight")


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
