"""The network in PyTorch.

The base's encoder with four outputs, and what is asked of them. Knows no files and no text.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.domain import EventType
from monitor.train.base import Base, Shape, bert_arrays

Floats = npt.NDArray[np.float32]
TYPES = tuple(EventType)
STEPS = 3
"""Severity is three questions: is it at least 2, at least 3, at least 4?"""
DROPOUT = 0.1


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the network says of a batch.

    Relevance (b), types (b, 7) and severity (b, 3) as logits, and unit embeddings (b, 384).
    """

    relevance: Any
    types: Any
    severity: Any
    embedding: Any


def encoder(base: Base, base_ids: tuple[int, ...]) -> Any:
    """The base as a `transformers.BertModel` over the kept part of the vocabulary."""
    import torch
    from transformers import BertModel

    arrays = bert_arrays(base)
    words = "embeddings.word_embeddings.weight"
    arrays[words] = arrays[words][list(base_ids)]
    model = BertModel(bert_config(base.shape, len(base_ids)), add_pooling_layer=False)
    model.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in arrays.items()})
    return model


def bert_config(shape: Shape, vocabulary: int) -> Any:
    """The encoder's configuration in transformers' terms."""
    from transformers import BertConfig

    return BertConfig(
        vocab_size=vocabulary,
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.feed_forward,
        max_position_embeddings=shape.positions,
        type_vocab_size=shape.token_types,
        layer_norm_eps=shape.epsilon,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
    )


def build(base: Base, base_ids: tuple[int, ...]) -> Any:
    """The whole network, a `ModuleDict`.

    Encoder, a shared layer, three heads, and a projection that starts as identity.
    """
    from torch import nn

    hidden = base.shape.hidden
    project = nn.Linear(hidden, hidden, bias=False)
    nn.init.eye_(project.weight)
    return nn.ModuleDict(
        {
            "encoder": encoder(base, base_ids),
            "shared": nn.Linear(3 * hidden, hidden),
            "drop": nn.Dropout(DROPOUT),
            "heads": nn.Linear(hidden, 1 + len(TYPES) + STEPS),
            "project": project,
        }
    )


def forward(network: Any, ids: Any, segments: Any) -> Outputs:
    """Runs a batch of padded token ids and segments (as `classifier.reading.pad` gives them)."""
    import torch

    shared, whole = features(network, ids, segments)
    logits = network["heads"](network["drop"](shared))
    embedding = torch.nn.functional.normalize(network["project"](whole), dim=1)
    return Outputs(logits[:, 0], logits[:, 1 : 1 + len(TYPES)], logits[:, 1 + len(TYPES) :], embedding)


def features(network: Any, ids: Any, segments: Any) -> tuple[Any, Any]:
    """What the heads see of a batch (b, hidden), and the mean of its tokens (b, hidden), which makes the embedding."""
    import torch

    mask = (segments > 0).to(torch.float32)
    hidden = network["encoder"](input_ids=ids, attention_mask=mask).last_hidden_state
    whole = _mean(hidden, mask)
    title = _mean(hidden, (segments == 1).to(torch.float32))
    seen = torch.cat([hidden[:, 0], title, whole], dim=1)
    return torch.nn.functional.gelu(network["shared"](network["drop"](seen))), whole


def _mean(hidden: Any, mask: Any) -> Any:
    return (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1.0)


@dataclass(frozen=True, slots=True)
class Targets:
    """What a batch should say.

    Relevance (b), types (b, 7), severity (b), weights (b), event numbers (b, -1 none), teacher embeddings.
    """

    relevance: Any
    types: Any
    severity: Any
    weight: Any
    event: Any
    teacher: Any


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part of the loss counts."""

    smoothing: float = 0.05
    types: float = 0.5
    severity: float = 0.3
    distil: float = 2.0
    relation: float = 20.0
    event: float = 0.1
    temperature: float = 0.05


def loss(out: Outputs, want: Targets, weights: Weights) -> Any:
    """One number to make small: the judgement, and an embedding that keeps to the teacher and gathers events."""
    judged = _judgement(out, want, weights)
    distance = 1 - (out.embedding * want.teacher).sum(1)
    mine, theirs = out.embedding @ out.embedding.T, want.teacher @ want.teacher.T
    relation = (mine - theirs).square().mean()
    kept = weights.distil * distance.mean() + weights.relation * relation
    return judged + kept + weights.event * _gather(mine, want.event, weights.temperature)


def _judgement(out: Outputs, want: Targets, weights: Weights) -> Any:
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits as cross

    smooth = want.relevance * (1 - 2 * weights.smoothing) + weights.smoothing
    relevance = (cross(out.relevance, smooth, reduction="none") * want.weight).sum() / want.weight.sum()
    inside = want.relevance[:, None]
    count = inside.sum().clamp(min=1.0)
    types = (cross(out.types, want.types, reduction="none") * inside).sum() / count / len(TYPES)
    steps = (want.severity[:, None] >= torch.arange(2, 2 + STEPS)).to(torch.float32)
    severity = (cross(out.severity, steps, reduction="none") * inside).sum() / count / STEPS
    return relevance + weights.types * len(TYPES) / 2 * types + weights.severity * STEPS / 2 * severity


def _gather(similarity: Any, event: Any, temperature: float) -> Any:
    """Contrast: items of one event are nearer to each other than to the rest of the batch."""
    import torch

    own = torch.eye(len(event), dtype=torch.bool)
    same = (event[:, None] == event[None, :]) & (event[:, None] >= 0) & ~own
    if not same.any():
        return similarity.sum() * 0
    log = torch.log_softmax((similarity / temperature).masked_fill(own, -1e9), dim=1)
    anchors = same.any(1)
    return -((log * same).sum(1)[anchors] / same.sum(1)[anchors]).mean()


def dense_inputs(network: Any, batches: Iterable[tuple[Any, Any]]) -> dict[str, tuple[Floats, Floats]]:
    """What each dense layer is given over the batches, by the layer's name in the ONNX graph.

    For each input feature the largest magnitude and the mean; padding is left out.
    """
    import torch

    peaks: dict[str, Any] = {}
    sums: dict[str, Any] = {}
    real = torch.zeros(0)
    tokens = 0

    def watch(name: str) -> Any:
        def note(module: Any, inputs: tuple[Any, ...], output: Any) -> None:
            rows = inputs[0][real]
            peak = rows.abs().amax(dim=0)
            peaks[name] = torch.maximum(peaks.get(name, peak), peak)
            sums[name] = sums.get(name, 0) + rows.sum(0)

        return note

    hooks = [module.register_forward_hook(watch(name)) for name, module in _dense(network)]
    with torch.inference_mode():
        for ids, segments in batches:
            real = segments > 0
            tokens += int(real.sum())
            forward(network, ids, segments)
    for hook in hooks:
        hook.remove()
    return {name: (peak.numpy(), (sums[name] / tokens).numpy()) for name, peak in peaks.items()}


def _dense(network: Any) -> Iterator[tuple[str, Any]]:
    for number, layer in enumerate(network["encoder"].encoder.layer):
        stem = f"encoder.encoder.layer.{number}."
        yield f"{stem}qkv", layer.attention.self.query
        yield f"{stem}attended", layer.attention.output.dense
        yield f"{stem}wide", layer.intermediate.dense
        yield f"{stem}narrow", layer.output.dense
