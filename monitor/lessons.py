"""What people said of articles as labelled examples in the seeds' record form. Pure: reads and writes nothing."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from monitor.domain import REGION, Feedback, Score
from monitor.seeds import parse_seed
from monitor.store import Traced
from monitor.verdicts import Ruling, rulings

PREFIX = "feedback-"
"""How the ids of these records begin."""


def labelled(said: Iterable[Feedback]) -> tuple[list[int], list[int]]:
    """The numbers of the articles that people call relevant, and of those that they do not."""
    ruled = rulings(said)
    return [n for n, ruling in ruled.items() if ruling.relevant], [n for n, r in ruled.items() if not r.relevant]


def examples(
    said: Iterable[Feedback], articles: Mapping[int, Traced], relevant: Mapping[int, Score]
) -> tuple[list[dict[str, Any]], list[str]]:
    """A record for each judged article, in order of their numbers; and for each that makes none, why: a sentence.

    `relevant` are the scores of the articles that people call relevant, with the types and the severity that they
    have as such. Every record is valid by itself; people who differ make it `unsure`.
    """
    records, left = [], []
    for number, ruling in sorted(rulings(said).items()):
        traced = articles.get(number)
        if traced is None:
            left.append(f"article {number}: it is not stored any more")
            continue
        record = _record(traced, ruling, relevant.get(number))
        try:
            parse_seed(record, record["lang"])
            records.append(record)
        except ValueError as error:
            left.append(f"article {number} ({traced.article.title}): {error}")
    return records, left


def merged(lines: Iterable[str], records: Iterable[Mapping[str, Any]]) -> str:
    """The lines of a file of seeds with these records; those of an earlier export are replaced."""
    kept = [line for line in map(str.rstrip, lines) if line and not _exported(line)]
    return "".join(f"{line}\n" for line in (*kept, *(json.dumps(record, ensure_ascii=False) for record in records)))


def _exported(line: str) -> bool:
    try:
        record = json.loads(line)
    except ValueError:
        return False
    return isinstance(record, dict) and str(record.get("id", "")).startswith(PREFIX)


def _record(traced: Traced, ruling: Ruling, score: Score | None) -> dict[str, Any]:
    article = traced.article
    words = "1 person" if ruling.people == 1 else f"{ruling.people} people"
    model = traced.judgement.model if traced.judgement else ""
    found: dict[str, Any] = {
        "id": f"{PREFIX}{article.id}",
        "lang": article.lang,
        "title": article.title,
        "summary": article.summary,
        "relevant": ruling.relevant,
        "types": [],
        "severity": 0,
        "places": [],
        "note": f"hard: told, judged not relevant by {words}",
    }
    if ruling.relevant and score is not None:
        found |= {
            "types": [kind.value for kind in score.types],
            "severity": int(score.severity),
            "places": [country for country in score.countries if country in REGION],
            "note": f"relevant by the word of {words}; types, severity and places as judged by {model}",
        }
    if ruling.disputed:
        found |= {"unsure": True, "note": f"{found['note']}; people disagree"}
    return found
