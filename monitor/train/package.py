"""A fitted network made into a model folder.

Graph, configuration, calibration; and the check that it says what the network says.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.classifier import Calibration, Classifier, Settings
from monitor.classifier.reading import Limits, Reading, pad
from monitor.domain import EventType
from monitor.errors import ModelError
from monitor.seeds import Seed
from monitor.train.base import Shape
from monitor.train.calibrate import Choice, choices, choose, platt, prior_weights, type_calibration
from monitor.train.fit import Judged, predict
from monitor.train.graph import write
from monitor.train.network import STEPS, TYPES, bert_config, dense_inputs, forward

LIMITS = Limits(title=64, total=128)
SHARE = 0.05
"""The share of relevant items that probabilities are made for.

More than in a feed, where it is below 1 %, less than among news that names the region and uses the words of force (12 %
of the sure items of a set chosen to be hard): held-out seeds are easier to tell than news is, so that with the share of
the hard news probabilities came out too high (expected calibration error 0.11 at 0.2, 0.03 at 0.05).
"""
PRECISION = 0.82
"""The default threshold is the cheapest one of at least this precision on held-out seeds, at the share above.

At 0.8 more than 3 in 1,000 items of ordinary news were called relevant.
"""
FLIPS = 1 / 100
"""Decisions that may differ in packing, of seeds: they crowd the line more than news does (10 of 4,045 real items)."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How the packed model's judgement differs from the network's over some items."""

    items: int
    decisions: int
    largest: float

    @property
    def holds(self) -> bool:
        """Whether as few decisions differ as may."""
        return self.decisions <= max(1, self.items * FLIPS)


def calibrate(seeds: Sequence[Seed], judged: Judged) -> tuple[Settings, list[Choice]]:
    """Calibrations, the default threshold and the table behind it, from what networks said of unseen seeds."""
    truth = np.array([seed.relevant for seed in seeds])
    severity = np.array([seed.severity for seed in seeds])
    weights = prior_weights(truth, SHARE)
    relevance = platt(judged.relevance.astype(np.float64), truth, weights)
    table = choices(relevance(judged.relevance), severity, weights)
    types = {kind: _type(kind, i, seeds, judged, truth) for i, kind in enumerate(TYPES)}
    steps = np.column_stack([severity[truth] >= level for level in range(2, 2 + STEPS)])
    levels = platt(judged.severity[truth].reshape(-1).astype(np.float64), steps.reshape(-1))
    return Settings(choose(table, PRECISION).threshold, relevance, types, levels, LIMITS), table


def _type(
    kind: EventType, column: int, seeds: Sequence[Seed], judged: Judged, relevant: npt.NDArray[np.bool_]
) -> Calibration:
    truth = np.array([kind in seed.types for seed in seeds])[relevant]
    logits = judged.types[relevant, column].astype(np.float64)
    return type_calibration(logits, truth) if truth.any() and not truth.all() else Calibration()


def pack(
    folder: Path, network: Any, shape: Shape, settings: Settings, sample: Sequence[Reading], notes: Mapping[str, Any]
) -> None:
    """Writes model.onnx and config.json beside the folder's tokenizer.json.

    The `sample` shows how large activations become; `notes` say what the model was made from.
    """
    state = {name: tensor.detach().cpu().numpy() for name, tensor in network.state_dict().items()}
    seen = dense_inputs(network, _batches(sample))
    fixed = (shape.layers, shape.heads, shape.epsilon, settings.limits.total, seen)
    # What is left of the rounding has a mean, which is taken back in the last bias.
    state["heads.bias"] = state["heads.bias"] - _shift(write(state, *fixed), network, sample)
    graph = write(state, *fixed)
    (folder / "model.onnx").write_bytes(graph)
    names = ("model.onnx", "tokenizer.json")
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    size = len(state["encoder.embeddings.word_embeddings.weight"])
    document = bert_config(shape, size).to_dict()
    stored = Settings(settings.threshold, settings.relevance, settings.types, settings.severity, settings.limits, files)
    document |= {"monitor": stored.document(), "training": dict(notes)}
    (folder / "config.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _shift(graph: bytes, network: Any, sample: Sequence[Reading]) -> npt.NDArray[np.float32]:
    """How far the packed graph's logits lie above the network's, as the mean over the sample, of each output."""
    import onnxruntime
    import torch

    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    names, apart = ("relevance", "types", "severity"), []
    for ids, segments in _batches(sample):
        packed = session.run(names, {"input_ids": ids.numpy(), "segments": segments.numpy()})
        with torch.inference_mode():
            own = forward(network, ids, segments)
        logits = [getattr(own, name).numpy() for name in names]
        apart.append(np.column_stack(packed) - np.column_stack(logits))
    mean: npt.NDArray[np.float32] = np.concatenate(apart).mean(axis=0).astype(np.float32)
    return mean


def _batches(sample: Sequence[Reading]) -> Iterator[tuple[Any, Any]]:
    import torch

    for start in range(0, len(sample), 16):
        ids, segments = pad(sample[start : start + 16])
        yield torch.from_numpy(ids), torch.from_numpy(segments)


def compare(folder: Path, network: Any, tokenizer: Any, texts: Sequence[tuple[str, str]]) -> Agreement:
    """What the packed model says of the texts against what the network says."""
    model = Classifier.load(folder)
    mine = np.array([item.relevance for item in model.classify(texts)])
    theirs = model.settings.relevance(predict(network, tokenizer, texts, model.settings.limits).relevance)
    differ = (mine >= model.threshold) != (theirs >= model.threshold)
    return Agreement(len(texts), int(differ.sum()), float(np.abs(mine - theirs).max()))


def require(agreement: Agreement) -> None:
    """Raises ModelError where the packed model judges otherwise than the network."""
    if not agreement.holds:
        raise ModelError(
            f"the packed model decides otherwise than the trained one on {agreement.decisions} of {agreement.items}"
        )
