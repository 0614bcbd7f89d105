"""The model card: what the model is, what it was made from, and how it judged the seeds that it had not seen."""

from collections.abc import Mapping, Sequence

import numpy as np

from monitor.classifier import Settings
from monitor.evaluate.measures import average_precision, counts
from monitor.evaluate.robustness import TESTS, Rate
from monitor.seeds import Seed
from monitor.train.calibrate import Bools, Choice
from monitor.train.fit import Judged
from monitor.train.network import TYPES
from monitor.train.package import SHARE, Agreement

TEMPLATE = """# The classifier

Judges a news item (title, and summary where there is one): whether it reports danger of armed or ethnic violence in
the Balkans, of what type, and how grave it is. Definitions: `seeds/README.md`. An encoder of 12 layers (hidden 384),
`intfloat/multilingual-e5-small` (MIT licence), its vocabulary cut to pieces in Latin, Cyrillic and Greek letters,
fitted to the project's own seeds by `balkan-monitor train`; 8-bit ONNX for onnxruntime. Item and event embeddings for
grouping come from the same pass.

Made from:

{made}

## On seeds that it had not seen

Held-out seeds share no event with those it learnt from. The seeds were written to be hard, and are not the news:
`balkan-monitor evaluate FILE` measures on labelled real items.

{measures}

## Threshold

Probabilities are calibrated for a stream in which {share:.0%} of items are relevant. The default threshold,
**{threshold:.2f}**, is the cheapest of enough precision, where a miss of severity 3 or 4 costs as much as 20 false
alarms, one of severity 2 as 4, and one of severity 1 as 1.

{table}

## Packing

Over {items} seeds the 8-bit model decides otherwise than the trained one on {decisions}; the largest difference in
probability is {largest:.3f}.

## When the setting or the meaning changes

Headlines of `monitor/data/robustness.yaml`, set differently and turned otherwise. The same, with each failure, is
printed by `balkan-monitor evaluate --robustness`.

{robustness}

## Where it is weak

It reads what an item says, not whether it is true. Irony, quotations of old events without a date, and headlines that
leave region or event open are its usual errors; languages beyond those of the seeds are judged by what the base knows
of them.
"""


def card(
    seeds: Sequence[Seed],
    judged: Judged,
    settings: Settings,
    table: Sequence[Choice],
    agreement: Agreement,
    rates: Sequence[Rate],
    made: Mapping[str, str],
) -> str:
    """The card in Markdown."""
    return TEMPLATE.format(
        made="\n".join(f"- {name}: {value}" for name, value in made.items()),
        measures=_measures(seeds, judged, settings),
        share=SHARE,
        threshold=settings.threshold,
        table=_table(table, settings.threshold),
        items=agreement.items,
        decisions=agreement.decisions,
        largest=agreement.largest,
        robustness=_robustness(rates),
    )


def _measures(seeds: Sequence[Seed], judged: Judged, settings: Settings) -> str:
    truth = np.array([seed.relevant for seed in seeds])
    probabilities = settings.relevance(judged.relevance)
    found = probabilities >= settings.threshold
    rows = ["| items | n | relevant | average precision | precision | recall |", "|---|---|---|---|---|---|"]
    languages = np.array([seed.lang for seed in seeds])
    for name, rows_of in [
        ("all", truth | True),
        *((name, languages == name) for name in sorted(set(languages.tolist()))),
    ]:
        part = counts(truth[rows_of], found[rows_of])
        score = average_precision(truth[rows_of], probabilities[rows_of])
        cells = (_share(score), _share(part.precision), _share(part.recall))
        rows.append(f"| {name} | {int(rows_of.sum())} | {int(truth[rows_of].sum())} | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n\n" + _types(seeds, judged, settings, truth)


def _types(seeds: Sequence[Seed], judged: Judged, settings: Settings, relevant: Bools) -> str:
    rows = ["| type, among relevant items | n | precision | recall | F1 |", "|---|---|---|---|---|"]
    for column, kind in enumerate(TYPES):
        truth = np.array([kind in seed.types for seed in seeds])[relevant]
        part = counts(truth, settings.types[kind](judged.types[relevant, column]) >= 0.5)
        rows.append(
            f"| {kind} | {int(truth.sum())} | {_share(part.precision)} | {_share(part.recall)} | {_share(part.f1)} |"
        )
    return "\n".join(rows)


def _table(table: Sequence[Choice], threshold: float) -> str:
    rows = ["| threshold | precision | recall | recall of severity 3 and 4 | cost an item |", "|---|---|---|---|---|"]
    for choice in table:
        if round(choice.threshold * 100) % 10 == 0 or choice.threshold == threshold:
            shown = (choice.precision, choice.recall, choice.recall_grave, choice.cost)
            rows.append(f"| {choice.threshold:.2f} | {' | '.join(f'{value:.3f}' for value in shown)} |")
    return "\n".join(rows)


def _robustness(rates: Sequence[Rate]) -> str:
    rows = ["| test | passes where | trials | passed |", "|---|---|---|---|"]
    rows += [f"| {rate.test} | {TESTS[rate.test]} | {len(rate.outcomes)} | {rate.share:.1%} |" for rate in rates]
    return "\n".join(rows)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
