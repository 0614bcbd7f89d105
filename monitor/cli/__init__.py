"""The command line: parses, calls, prints. What a command does lies in the modules below."""

from monitor.cli.root import main

__all__ = ["main"]
