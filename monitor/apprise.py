"""Sends messages to the other ways out, through Apprise: mail, ntfy, Matrix, Slack, Discord, JSON to a web address.

Holds no policy. An address may hold a password: no message, log line or error of this module shows it.
"""

import copy
import logging
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from monitor.domain import Kind, Message, Severity
from monitor.errors import ConfigError, DeliveryError

APP = "balkan-monitor"
PREFIX = "notify:"
"""What the outbox puts before a service's name."""
REFUSED = {400, 413, 422}
"""Statuses that the same message would get again. Others (401, 404) are mended where the address or the service is."""
STATUS = re.compile(r"error=(\d{3})\b")
ASKED = {429: timedelta(minutes=1)}
"""How long to wait where the service said that it is too much; Apprise does not say how long it asked for."""


class Services:
    """A Sender to services by name. Reads the addresses at once. Raises ConfigError for one that is not understood."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        from apprise import AppriseAsset

        logger = logging.getLogger("apprise")
        # Its log lines are read from the results; on their own they would show addresses.
        logger.propagate = False
        logger.addHandler(logging.NullHandler())
        logger.setLevel(logging.WARNING)
        logging.getLogger("urllib3").setLevel(logging.WARNING)
        asset = AppriseAsset(app_id=APP, app_desc=APP, app_url="")
        self._services = {name: _service(name, url, asset) for name, url in urls.items()}

    def kind(self, name: str) -> str:
        """What the service is, such as 'ntfy'."""
        return str(self._services[name].service_name)

    async def send(self, message: Message) -> int | None:
        """Hand the message to the service that its chat names; edits are not sent, what was sent stays.

        Apprise tells neither whether a refusal is for good nor the other side's number of the message.
        """
        from apprise import Apprise

        name = message.chat.removeprefix(PREFIX)
        if message.kind is Kind.EDIT:
            return None
        if name not in self._services:
            raise DeliveryError(f"no service of notify is named '{name}'", permanent=False)
        service = self._services[name]
        sender = Apprise(asset=service.asset)
        sender.add(_with_fields(service, message))
        result = await sender.async_notify(**_words(service, message))
        if not result:
            raise _ours(self.kind(name), [str(entry.message) for entry in result.logs()])
        return None


def _service(name: str, url: str, asset: Any) -> Any:
    from apprise import Apprise

    found = Apprise.instantiate(url, asset=asset)
    if found is None:
        scheme = url.partition("://")[0]
        raise ConfigError(f"monitor.yaml: notify: Apprise does not understand the {scheme}:// address of '{name}'")
    return found


def _words(service: Any, message: Message) -> dict[str, Any]:
    """The message as the service takes it: its first line as the title, the rest as HTML or plain text."""
    from apprise import NotifyFormat, NotifyType

    title, _, plain = message.text.plain.partition("\n")
    grave = message.severity or Severity.NONE
    kind = NotifyType.FAILURE if grave >= Severity.SERIOUS else NotifyType.WARNING if grave else NotifyType.INFO
    words = {"title": title if plain else APP, "body": plain or title, "notify_type": kind}
    formatted = message.text.html.partition("\n")[2] if plain else message.text.html
    if formatted and not _is_json(service) and service.resolve_format(NotifyFormat.HTML) is NotifyFormat.HTML:
        return words | {"body": formatted.replace("\n", "<br>\n"), "body_format": NotifyFormat.HTML}
    return words | {"body_format": NotifyFormat.TEXT}


def _with_fields(service: Any, message: Message) -> Any:
    """Of a JSON service, one that also tells what the message is; `id` is the same where it comes twice."""
    if not _is_json(service):
        return service
    told = copy.copy(service)
    fields = {"id": message.id, "kind": message.kind.value, "story": message.story, "html": message.text.html}
    fields |= {"severity": None if message.severity is None else message.severity.name.lower()}
    told.payload_extras = fields | service.payload_extras
    return told


def _is_json(service: Any) -> bool:
    return type(service).__name__ == "NotifyJSON"


def _ours(kind: str, said: list[str]) -> DeliveryError:
    """What a failure means, by the status in what Apprise said of it."""
    status = next((int(found[1]) for line in said if (found := STATUS.search(line))), None)
    if status is None:
        return DeliveryError(f"{kind} could not be reached, or did not take the message", permanent=False)
    wait = ASKED.get(status)
    return DeliveryError(f"{kind} answered {status}", permanent=status in REFUSED, retry_after=wait)
