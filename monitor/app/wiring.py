"""A configuration to the parts that it asks for: store, judge, fetcher, sender."""

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from monitor.apprise import Services
from monitor.classifier import open_model
from monitor.config import Config, follow, located
from monitor.deliver import Terminal
from monitor.domain import Sender
from monitor.errors import ModelError, StoreError
from monitor.fetch import Fetcher
from monitor.keywords import compile_rules
from monitor.pipeline import Judge
from monitor.places import parse_gazetteer
from monitor.store import Store
from monitor.telegram import Telegram


def database_url(config: Config) -> str:
    """The configured database, else SQLite in the user's XDG state folder."""
    if config.storage.url:
        return config.storage.url
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return f"sqlite:///{Path(state) / 'balkan-monitor' / 'monitor.db'}"


def open_store(config: Config) -> Store:
    """The store, migrated. Raises ConfigError for a configured database that can't be used, StoreError for others."""
    store = None
    try:
        store = Store(database_url(config))
        store.migrate()
    except StoreError as error:
        if store is not None:
            store.close()
        if config.storage.url and config.folder and error.permanent:
            raise located(config, ("storage", "url"), str(error)) from error
        raise
    return store


def load_judge(config: Config) -> Judge:
    """The classifier, rules and gazetteer. Raises ModelError or ConfigError; takes about a second."""
    rules = compile_rules(config.keywords)
    gazetteer = parse_gazetteer((files("monitor") / "data" / "gazetteer.tsv").read_text("utf-8"))
    settings = config.classifier
    try:
        classifier = open_model(settings.model, settings.threads, settings.batch)
    except ModelError as error:
        if settings.model is not None and config.folder:
            raise located(config, ("classifier", "model"), str(error)) from error
        raise
    threshold = classifier.threshold if config.alerts.threshold is None else config.alerts.threshold
    return Judge(classifier, rules, gazetteer, threshold)


def make_fetcher(config: Config) -> Fetcher:
    """The HTTP client, to be entered."""
    return Fetcher(config.polling)


def rejudge(judge: Judge, old: Config, new: Config) -> Judge:
    """The judge of another configuration; the classifier is loaded again only where its settings changed."""
    if new.classifier != old.classifier:
        return load_judge(new)
    threshold = judge.classifier.threshold if new.alerts.threshold is None else new.alerts.threshold
    return replace(judge, rules=compile_rules(new.keywords), threshold=threshold)


async def make_senders(config: Config, stack: AsyncExitStack) -> dict[str, Sender]:
    """Telegram where there is a token and a chat, services where there are any; the terminal always, for what was
    queued for it. Raises ConfigError for a service's address that is not understood.
    """
    senders: dict[str, Sender] = {"terminal": Terminal(sys.stdout)}
    token = config.telegram.token
    if token is not None and config.telegram.chats:
        languages = {str(chat.id): chat.language for chat in config.telegram.chats}
        telegram = Telegram(token.get_secret_value(), config.telegram.api_url, languages=languages)
        senders["telegram"] = await stack.enter_async_context(telegram)
    if config.notify:
        senders["notify"] = await asyncio.to_thread(services, config)
    return senders


def services(config: Config) -> Services:
    """The services of `notify`. Raises ConfigError for an address that is not understood; takes seconds."""
    return Services({service.name: service.url.get_secret_value() for service in config.notify})


def followed(config: Config, store: Store) -> Config:
    """The configuration with groups that became supergroups by their ids of now."""
    return follow(config, store.chats.moves())
