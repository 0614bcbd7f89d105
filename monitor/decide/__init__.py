"""Whether people are told, and why: first of an article by itself, then of its story, what a chat wants and knows.

Pure: every question is answered from values and a clock that is handed in, with a Reason.
"""

from monitor.decide.articles import refuse
from monitor.decide.mutes import muted
from monitor.decide.policies import Policy, QuietHours, choose, policies, widest
from monitor.decide.quiet import quiet_until
from monitor.decide.signals import ends, flares, fresh, marks, settled
from monitor.decide.stories import AGAIN, decide, expired, first

__all__ = [
    "AGAIN",
    "Policy",
    "QuietHours",
    "choose",
    "decide",
    "ends",
    "expired",
    "first",
    "flares",
    "fresh",
    "marks",
    "muted",
    "policies",
    "quiet_until",
    "refuse",
    "settled",
    "widest",
]
