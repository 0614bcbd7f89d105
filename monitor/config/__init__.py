"""The configuration: YAML and environment in, frozen values out. Every mistake is one ConfigError naming its place."""

from monitor.config.admins import admins
from monitor.config.edit import add_sources, unwritable
from monitor.config.load import FILES, choose, defaults, load, located, reload, stamp, token, warnings
from monitor.config.model import (
    Chat,
    ClassifierConfig,
    Config,
    DigestConfig,
    DisplayConfig,
    HeartbeatConfig,
    KeywordRule,
    Keywords,
    PollingConfig,
    Service,
    Settings,
    StorageConfig,
    TelegramConfig,
    WebhookConfig,
)
from monitor.config.moves import follow
from monitor.config.policy import AlertsConfig, Corroboration, PolicyConfig, Quiet
from monitor.config.rules import Edit, add_rule, remove_rule, take_back
from monitor.config.starter import write_starter
from monitor.config.turning import Turn, set_enabled, set_weight, turn_back
from monitor.config.values import family, format_duration, parse_duration

__all__ = [
    "FILES",
    "AlertsConfig",
    "Chat",
    "ClassifierConfig",
    "Config",
    "Corroboration",
    "DigestConfig",
    "DisplayConfig",
    "Edit",
    "HeartbeatConfig",
    "KeywordRule",
    "Keywords",
    "PolicyConfig",
    "PollingConfig",
    "Quiet",
    "Service",
    "Settings",
    "StorageConfig",
    "TelegramConfig",
    "Turn",
    "WebhookConfig",
    "add_rule",
    "add_sources",
    "admins",
    "choose",
    "defaults",
    "family",
    "follow",
    "format_duration",
    "load",
    "located",
    "parse_duration",
    "reload",
    "remove_rule",
    "set_enabled",
    "set_weight",
    "stamp",
    "take_back",
    "token",
    "turn_back",
    "unwritable",
    "warnings",
    "write_starter",
]
