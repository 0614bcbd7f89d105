"""Text to numbers: how a title and a summary become the model's input. Shared by training and judging."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
PREFIX = "query: "
BOS, PAD, EOS = 0, 1, 2
TITLE, SUMMARY = 1, 2
CHARS_A_TOKEN = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """How many tokens are read of the title (its prefix included) and of both together."""

    title: int = 64
    total: int = 128


@dataclass(frozen=True, slots=True)
class Reading:
    """One item as token ids, and for each whether it belongs to the title (1) or to the summary (2)."""

    ids: tuple[int, ...]
    segments: tuple[int, ...]


def read(tokenizer: Any, texts: Sequence[tuple[str, str]], limits: Limits) -> list[Reading]:
    """Titles and summaries as token ids. The title comes first and keeps its room, however long the summary is."""
    if not texts:
        return []
    titles = _encode(tokenizer, [PREFIX + title[: limits.title * CHARS_A_TOKEN] for title, _ in texts])
    summaries = _encode(tokenizer, [summary[: limits.total * CHARS_A_TOKEN] for _, summary in texts])
    return [_join(title, summary, limits) for title, summary in zip(titles, summaries, strict=True)]


def _encode(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    sound = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]  # half a surrogate pair is no character
    encoded: list[list[int]] = tokenizer(sound, add_special_tokens=False, return_attention_mask=False)["input_ids"]
    return encoded


def _join(title: list[int], summary: list[int], limits: Limits) -> Reading:
    first = [BOS, *title[: limits.title], EOS]
    room = limits.total - len(first) - 2
    second = [EOS, *summary[:room], EOS] if summary and room > 0 else []
    return Reading((*first, *second), (TITLE,) * len(first) + (SUMMARY,) * len(second))


def pad(readings: Sequence[Reading]) -> tuple[Integers, Integers]:
    """A batch as two arrays of shape (items, longest): token ids, and segments with 0 where there is padding."""
    shape = (len(readings), max(len(reading.ids) for reading in readings))
    ids, segments = np.full(shape, PAD, np.int64), np.zeros(shape, np.int64)
    for row, reading in enumerate(readings):
        ids[row, : len(reading.ids)] = reading.ids
        segments[row, : len(reading.ids)] = reading.segments
    return ids, segments
