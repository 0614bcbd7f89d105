"""Writes a commented starter folder from the packaged configuration; never overwrites."""

from pathlib import Path

from monitor.config.load import FILES, defaults
from monitor.errors import ConfigError


def write_starter(folder: Path) -> list[Path]:
    """Write the three files into `folder` and return their paths. Raises ConfigError if one of them is there."""
    targets = [folder / name for name in FILES]
    for target in targets:
        if target.exists():
            raise ConfigError(f"{target} exists already; nothing was written")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for target in targets:
            with target.open("x", encoding="utf-8") as file:
                file.write((defaults() / target.name).read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{error.filename or folder}: cannot be written ({error.strerror})") from None
    return targets
