"""What people said of alerts made proposals: feeds that bring only noise, keyword weights, a threshold for each chat.

Pure: the stored history, what was said, and the settings in; proposals out, each with the alerts that it would have
added and taken away. Each proposal stands on those before it, so that all of them together are what `--apply` gives.
"""

from monitor.tune.proposing import BETTER, JUDGED, MISSED, OF_SOURCE, OF_WEIGHT, OF_WORD, propose
from monitor.tune.replaying import Replay
from monitor.tune.values import History, Proposal, Settings, Told, Tuning

__all__ = [
    "BETTER",
    "JUDGED",
    "MISSED",
    "OF_SOURCE",
    "OF_WEIGHT",
    "OF_WORD",
    "History",
    "Proposal",
    "Replay",
    "Settings",
    "Told",
    "Tuning",
    "propose",
]
