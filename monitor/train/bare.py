"""The base model before any training here, for comparison: its embeddings, and what a plain fit on them knows.

PyTorch and scikit-learn are imported where they are used.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.evaluate.baselines import EVEN, Judgements, prototypes
from monitor.seeds import Seed
from monitor.train import base as source
from monitor.train import load_tokenizer
from monitor.train.fit import Recipe, teach

Floats = npt.NDArray[np.float32]
Texts = Sequence[tuple[str, str]]
Embed = Callable[[Texts], Floats]
PROTOTYPES = (
    "Troops and heavy weapons moved towards the Kosovo border",
    "Policeman shot dead in an armed attack in northern Kosovo",
    "NATO calls on Serbia to withdraw its forces from the border",
    "Dodik threatens that Republika Srpska will secede from Bosnia and Herzegovina",
    "Serbs put up barricades and clash with police in Zvečan",
    "Police seize weapons and explosives of an armed group in the Balkans",
    "Barricades removed and forces withdrawn, tension falls in northern Kosovo",
)
"""One headline for each event type, written for this."""


def baselines(seeds: Sequence[Seed], items: Texts, embed: Embed, cache: Path) -> dict[str, Judgements]:
    """Two judges of the items (title, summary) that know the base's embeddings alone.

    Cosine to PROTOTYPES, and logistic regression on the seeds' embeddings, which are kept in `cache`.
    """
    from sklearn.linear_model import LogisticRegression

    known = kept([(seed.title, seed.summary) for seed in seeds], embed, cache)
    told = embed([*items, *((text, "") for text in PROTOTYPES)])
    told, examples = told[: len(items)], told[len(items) :]
    # The base's unit vectors lie in a narrow cone, so that the usual penalty would flatten all that tells them apart.
    fitted = LogisticRegression(C=10.0, max_iter=2000)
    fitted.fit(known, [seed.relevant for seed in seeds])
    return {
        "cosine to prototypes, bare base": prototypes(told, examples),
        "logistic regression, bare base": Judgements(fitted.predict_proba(told)[:, 1], EVEN),
    }


def kept(texts: Texts, embed: Embed, cache: Path) -> Floats:
    """The texts' embeddings, read from a file in `cache` that is named by their hash, else made and written there."""
    path = cache / f"bare-{hashlib.sha256(repr(list(texts)).encode()).hexdigest()[:16]}.npy"
    if path.is_file():
        found: Floats = np.load(path)
        return found
    made = embed(texts)
    cache.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.save(file, made)
    partial.replace(path)
    return made


def bare(cache: Path, tell: Callable[[str], None]) -> Embed:
    """The base, downloaded into `cache` on first use, as a function of texts to unit vectors (n, 384)."""
    base = source.load(source.fetch(source.WEIGHTS, cache))
    tokenizer: Any = load_tokenizer(source.fetch(source.TOKENIZER, cache))
    ids = tuple(range(base.shape.vocabulary))

    def embed(texts: Texts) -> Floats:
        tell(f"the bare base reads {len(texts)} items")
        return teach(base, ids, tokenizer, texts, Recipe().limits)

    return embed
