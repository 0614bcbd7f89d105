"""How the program logs: structlog to standard error, text or JSON, with the secret it is told of masked."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

Event = MutableMapping[str, Any]


def configure(*, as_json: bool = False, secret: str | None = None, quiet: bool = False) -> None:
    """Send all logging, the libraries' warnings included, to standard error; `secret` never appears in it.

    `quiet` leaves out what is not at least a warning.
    """
    stderr = sys.stderr
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso" if as_json else "%Y-%m-%d %H:%M:%SZ", utc=True),
        structlog.processors.format_exc_info if as_json else _short_exception,
        _mask(secret),
    ]
    last = structlog.processors.JSONRenderer(ensure_ascii=False, default=str) if as_json else _console(stderr.isatty())
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _mask(secret), last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("monitor").setLevel(logging.WARNING if quiet else logging.INFO)


def _console(colors: bool) -> Any:
    return structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=0, sort_keys=False)


def _short_exception(_: Any, __: str, event: Event) -> Event:
    """On a terminal an exception is one line; a program that reads JSON gets the whole."""
    info = event.pop("exc_info", None)
    if info:
        error = info if isinstance(info, BaseException) else sys.exc_info()[1]
        event["error"] = f"{type(error).__name__}: {error}"
    return event


def _mask(secret: str | None) -> Any:
    def mask(_: Any, __: str, event: Event) -> Event:
        if secret:
            for key, value in event.items():
                if secret in (text := value if isinstance(value, str) else repr(value)):
                    event[key] = text.replace(secret, "***")
        return event

    return mask
