"""From the base model and the seeds to a model folder.

The only place that imports PyTorch, and only where it is called.
"""

import hashlib
import platform
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import Any

from monitor.classifier import Classifier
from monitor.classifier.reading import read
from monitor.evaluate.robustness import robustness
from monitor.places import parse_gazetteer
from monitor.seeds import Seed, read_seeds
from monitor.train import base as source
from monitor.train import vocabulary
from monitor.train.card import card
from monitor.train.fit import Recipe, fit, predict, teach
from monitor.train.package import calibrate, compare, pack, require
from monitor.train.refit import refit
from monitor.train.swap import elsewhere

__all__ = ["Recipe", "train"]

PIECES = 64_000
SHARE_HELD = 0.06
SHARE_MOVED = 0.1
SAMPLE = 1024
COMPARED = 8
"""The packed model is compared with the network on all held-out items and on one in so many of the others."""
GAZETTEER = Path(__file__).parent.parent / "data" / "gazetteer.tsv"
LIBRARIES = ("torch", "transformers", "tokenizers", "onnx", "onnxruntime", "numpy", "wordfreq", "simplemma")
Tell = Callable[[str], None]


def train(
    seeds_dir: Path,
    out_dir: Path,
    cache: Path,
    recipe: Recipe | None = None,
    threads: int | None = None,
    tell: Tell = lambda line: None,
) -> None:
    """Trains on the folder's seeds and writes a model folder; the base is downloaded into `cache` on first use.

    About one seed in seventeen, whole events at a time, is held out: calibration, threshold and the card's figures
    come from these. Raises InputError, or ModelError where the base cannot be had or the packed model judges
    otherwise than the trained one.
    """
    import torch

    torch.set_num_threads(threads or torch.get_num_threads())
    recipe = recipe or Recipe()
    seeds = read_seeds(seeds_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    base = source.load(source.fetch(source.WEIGHTS, cache))
    tell(f"{len(seeds)} seeds; choosing {PIECES} pieces")
    whole, target = source.fetch(source.TOKENIZER, cache), out_dir / "tokenizer.json"
    ids = vocabulary.build(whole, [seed.text for seed in seeds], PIECES, target).base_ids
    tokenizer = load_tokenizer(target)
    learnt, held = split(seeds)
    learnt += elsewhere(learnt, parse_gazetteer(GAZETTEER.read_text("utf-8")), SHARE_MOVED, Random(recipe.chance))
    tell(f"the base reads {len(learnt)} items; {len(held)} are held out")
    teacher = teach(base, ids, tokenizer, texts(learnt), recipe.limits)
    network = fit(base, ids, tokenizer, learnt, teacher, recipe, tell)
    refit(network, tokenizer, learnt, recipe.limits)
    settings, table = calibrate(held, judged := predict(network, tokenizer, texts(held), recipe.limits))
    sample = read(tokenizer, texts(learnt)[:: max(1, len(learnt) // SAMPLE)], recipe.limits)
    made = notes(seeds, recipe)
    pack(out_dir, network, base.shape, settings, sample, made)
    agreement = compare(out_dir, network, tokenizer, texts([*held, *learnt[::COMPARED]]))
    rates = robustness(Classifier.load(out_dir, threads))
    (out_dir / "README.md").write_text(card(held, judged, settings, table, agreement, rates, made), "utf-8")
    require(agreement)


def texts(seeds: Sequence[Seed]) -> list[tuple[str, str]]:
    """Titles and summaries."""
    return [(seed.title, seed.summary) for seed in seeds]


def load_tokenizer(path: Path) -> Any:
    """The tokenizer as training and judging use it."""
    from transformers import PreTrainedTokenizerFast

    opened: Any = PreTrainedTokenizerFast
    return opened(tokenizer_file=str(path), model_max_length=10**9)


def split(seeds: Sequence[Seed]) -> tuple[list[Seed], list[Seed]]:
    """The seeds to learn from, and those held out. An event is never in both, and a seed's side never changes."""
    sides = [draw(seed.event or seed.title) < SHARE_HELD for seed in seeds]
    pairs = list(zip(seeds, sides, strict=True))
    return [seed for seed, held in pairs if not held], [seed for seed, held in pairs if held]


def draw(name: str) -> float:
    """A number in [0, 1) that depends on the name alone."""
    return int(hashlib.sha1(name.encode()).hexdigest(), 16) % 1000 / 1000


def notes(seeds: Sequence[Seed], recipe: Recipe) -> dict[str, str]:
    """What the model was made from: hash of the seeds, runs of training, versions of the libraries."""
    digest = hashlib.sha256()
    for seed in sorted(seeds, key=lambda seed: (seed.lang, seed.id)):
        digest.update(repr(seed).encode())
    versions = {name: version(name) for name in LIBRARIES}
    return {
        "seeds": str(len(seeds)),
        "seeds_sha256": digest.hexdigest(),
        "runs": str(recipe.runs),
        "python": platform.python_version(),
        **versions,
    }
