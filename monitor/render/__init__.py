"""Decisions to messages: Telegram HTML, and the same in plain text. Sends nothing, and decides nothing.

Text from feeds is cleaned and cut before it is escaped, so that no entity is split and every message is valid.
"""

from monitor.render import answers
from monitor.render.alert import notice, reads, render, test_alert
from monitor.render.buttons import alert_buttons, miss_buttons, summary_buttons
from monitor.render.digest import Digest, Missed, Told, Trouble, digest
from monitor.render.index import Led, Standing, called, crossing, name
from monitor.render.language import LANGUAGES, Words
from monitor.render.update import summary, update
from monitor.render.wording import LIMIT, TITLE, Reader, clean, clip, independent, link, moment, sentence, units

__all__ = [
    "LANGUAGES",
    "LIMIT",
    "TITLE",
    "Digest",
    "Led",
    "Missed",
    "Reader",
    "Standing",
    "Told",
    "Trouble",
    "Words",
    "alert_buttons",
    "answers",
    "called",
    "clean",
    "clip",
    "crossing",
    "digest",
    "independent",
    "link",
    "miss_buttons",
    "moment",
    "name",
    "notice",
    "reads",
    "render",
    "sentence",
    "summary",
    "summary_buttons",
    "test_alert",
    "units",
    "update",
]
