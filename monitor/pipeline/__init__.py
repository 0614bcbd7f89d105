"""The stages joined, top to bottom: `Poller` takes feeds to stored articles, `process` takes articles to messages.

`reconsider` takes decisions that waited to messages when their time has come. `watch_index` and `tell_day` tell of the
escalation index and of the day.
"""

from monitor.pipeline.digesting import tell_day
from monitor.pipeline.explaining import explain
from monitor.pipeline.indexing import measured, watch_index
from monitor.pipeline.judging import Judge, Processed, judge_text, process
from monitor.pipeline.missing import chat_misses, judge_for, near_misses, recipient
from monitor.pipeline.noticing import tell_admins
from monitor.pipeline.polling import Poller
from monitor.pipeline.reconsidering import Looked, reconsider
from monitor.pipeline.telling import addressed, reader, recipients

__all__ = [
    "Judge",
    "Looked",
    "Poller",
    "Processed",
    "addressed",
    "chat_misses",
    "explain",
    "judge_for",
    "judge_text",
    "measured",
    "near_misses",
    "process",
    "reader",
    "recipient",
    "recipients",
    "reconsider",
    "tell_admins",
    "tell_day",
    "watch_index",
]
