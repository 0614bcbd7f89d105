"""Secrets from the environment: NAME, or the file that NAME_FILE names; and addresses that name them."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from monitor.errors import ConfigError, InputError

REFERENCE = re.compile(r"\$\{(\w+)\}")


def secret(name: str, environment: Mapping[str, str]) -> str:
    """The secret of that name, without space around it; empty where there is none. Raises ConfigError."""
    value, file = environment.get(name, ""), environment.get(f"{name}_FILE", "")
    if file and not value:
        try:
            value = Path(file).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not text"
            raise ConfigError(f"{name}_FILE: {file} cannot be read ({reason})") from None
    return value.strip()


def expand(address: str, environment: Mapping[str, str]) -> str:
    """The address with secrets in the places of `${NAME}`, quoted unless one is all of it.

    Raises InputError for a name without a secret.
    """

    def put(match: "re.Match[str]") -> str:
        value = secret(match[1], environment)
        if not value:
            raise InputError(f"{match[1]} is not set; set it or {match[1]}_FILE in the environment")
        return value if match[0] == address else quote(value, safe="")

    return REFERENCE.sub(put, address)
