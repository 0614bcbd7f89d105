"""Decisions to messages: Telegram HTML, and the same in plain text. Sends nothing, and decides nothing.

Text from feeds is cleaned and cut before it is escaped, so that no entity is split and every message is valid.
"""

from monitor.render import answers
from monitor.render.alert import notice, render, test_alert
from monitor.render.buttons import alert_buttons, miss_buttons
from monitor.render.digest import Digest, Missed, Told, Trouble, digest
from monitor.render.index import Led, Standing, crossing, name
from monitor.render.update import summary, update
from monitor.render.wording import LIMIT, TITLE, clean, clip, link, moment, sentence, units

__all__ = [
    "LIMIT",
    "TITLE",
    "Digest",
    "Led",
    "Missed",
    "Standing",
    "Told",
    "Trouble",
    "alert_buttons",
    "answers",
    "clean",
    "clip",
    "crossing",
    "digest",
    "link",
    "miss_buttons",
    "moment",
    "name",
    "notice",
    "render",
    "sentence",
    "summary",
    "test_alert",
    "units",
    "update",
]
