"""The stages joined, top to bottom: `Poller` takes feeds to stored articles, `process` takes articles to messages."""

from monitor.pipeline.judging import Judge, Processed, process, recipients
from monitor.pipeline.polling import Poller

__all__ = ["Judge", "Poller", "Processed", "process", "recipients"]
