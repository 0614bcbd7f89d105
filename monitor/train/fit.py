"""The training loop.

Seeds in, a fitted network out, the same for the same seed of chance. Chooses no threshold and writes no file.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.classifier.reading import Limits, pad, read
from monitor.seeds import Seed
from monitor.train.augment import Rates, augment
from monitor.train.base import Base
from monitor.train.network import TYPES, Outputs, Targets, Weights, build, encoder, forward, loss

Floats = npt.NDArray[np.float32]
LAST_SPECIAL = 3


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the network is fitted.

    Layers below `frozen` keep the base's weights; each lower layer learns `decay` times as fast. The weights of so many
    `runs`, which begin alike and read the seeds in different orders, are averaged.
    """

    runs: int = 2
    epochs: int = 2
    batch: int = 32
    rate: float = 1e-4
    head_rate: float = 1e-3
    decay: float = 0.85
    frozen: int = 6
    warm: float = 0.1
    average: float = 0.985
    grave: float = 1.5
    masked: float = 0.08
    chance: int = 20
    limits: Limits = field(default_factory=lambda: Limits(title=48, total=80))
    rates: Rates = field(default_factory=Rates)
    weights: Weights = field(default_factory=Weights)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a network says of items, as arrays.

    Relevance (n), types (n, 7), severity (n, 3) as logits, and embeddings (n, 384).
    """

    relevance: Floats
    types: Floats
    severity: Floats
    embedding: Floats


def teach(
    base: Base, base_ids: tuple[int, ...], tokenizer: Any, texts: Sequence[tuple[str, str]], limits: Limits
) -> Floats:
    """The frozen base's own unit embeddings (n, 384), which the fitted network must keep to."""
    import torch

    model = encoder(base, base_ids).eval()

    def embed(ids: Any, segments: Any) -> Any:
        mask = (segments > 0).to(torch.float32)
        hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
        return torch.nn.functional.normalize((hidden * mask[:, :, None]).sum(1), dim=1)

    return in_batches(embed, tokenizer, texts, limits)[0]


def predict(network: Any, tokenizer: Any, texts: Sequence[tuple[str, str]], limits: Limits) -> Judged:
    """What the fitted network says of titles and summaries."""
    network.eval()

    def run(ids: Any, segments: Any) -> tuple[Any, ...]:
        out = forward(network, ids, segments)
        return out.relevance, out.types, out.severity, out.embedding

    return Judged(*in_batches(run, tokenizer, texts, limits))


def in_batches(
    run: Callable[[Any, Any], Any], tokenizer: Any, texts: Sequence[tuple[str, str]], limits: Limits
) -> list[Floats]:
    """What `run` makes of token ids and segments, over all texts in their order: an array for each of its outputs."""
    import torch

    readings = read(tokenizer, texts, limits)
    order = sorted(range(len(readings)), key=lambda i: len(readings[i].ids))
    parts = []
    with torch.inference_mode():
        for start in range(0, len(order), 32):
            ids, segments = pad([readings[i] for i in order[start : start + 32]])
            out = run(torch.from_numpy(ids), torch.from_numpy(segments))
            parts.append(out if isinstance(out, tuple) else (out,))
    back = np.argsort(order)
    return [torch.cat(list(column)).numpy()[back] for column in zip(*parts, strict=True)]


def fit(
    base: Base,
    base_ids: tuple[int, ...],
    tokenizer: Any,
    seeds: Sequence[Seed],
    teacher: Floats,
    recipe: Recipe,
    tell: Callable[[str], None] = lambda line: None,
) -> Any:
    """A network fitted to the seeds: the mean of the weights of all runs (model soup, Wortsman et al. 2022).

    `teacher` holds the base's embedding of each seed.
    """
    states = [
        fit_once(base, base_ids, tokenizer, seeds, teacher, recipe, run, tell).state_dict()
        for run in range(recipe.runs)
    ]
    network = build(base, base_ids)
    network.load_state_dict(average(states))
    return network.eval()


def average(states: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The mean of networks of one shape, weight by weight."""
    return {name: sum(state[name] for state in states) / len(states) for name in states[0]}


def fit_once(
    base: Base,
    base_ids: tuple[int, ...],
    tokenizer: Any,
    seeds: Sequence[Seed],
    teacher: Floats,
    recipe: Recipe,
    run: int = 0,
    tell: Callable[[str], None] = lambda line: None,
) -> Any:
    """One run: it begins like every other and reads the seeds in an order of its own.

    Returns the running mean of its weights.
    """
    import torch

    torch.manual_seed(recipe.chance)
    network = build(base, base_ids)
    torch.manual_seed(recipe.chance + run)
    random = Random(recipe.chance + run)
    optimiser = torch.optim.AdamW(_groups(network, recipe), weight_decay=0.01)
    total = recipe.epochs * math.ceil(len(seeds) / recipe.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _pace(step, total, recipe.warm))
    mean = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(recipe.average)
    )
    for epoch in range(recipe.epochs):
        losses = []
        _learning(network, recipe)
        for rows in batches(seeds, recipe.batch, random):
            out, want = _step(network, tokenizer, seeds, teacher, rows, recipe, random)
            value = loss(out, want, recipe.weights)
            optimiser.zero_grad()
            value.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            mean.update_parameters(network)
            losses.append(value.item())
        tell(f"run {run + 1} of {recipe.runs}, epoch {epoch + 1} of {recipe.epochs}: loss {np.mean(losses):.4f}")
    return mean.module.eval()


def _step(
    network: Any,
    tokenizer: Any,
    seeds: Sequence[Seed],
    teacher: Floats,
    rows: list[int],
    recipe: Recipe,
    random: Random,
) -> tuple[Outputs, Targets]:
    import torch

    texts = [augment(seeds[row], recipe.rates, random) for row in rows]
    ids, segments = pad(read(tokenizer, texts, recipe.limits))
    drawn = np.random.default_rng(random.getrandbits(64)).random(ids.shape)
    ids[(drawn < recipe.masked) & (ids > LAST_SPECIAL)] = len(tokenizer) - 1
    out = forward(network, torch.from_numpy(ids), torch.from_numpy(segments))
    return out, _targets([seeds[row] for row in rows], teacher[rows], recipe)


def _targets(seeds: list[Seed], teacher: Floats, recipe: Recipe) -> Targets:
    import torch

    events = {seed.event: number for number, seed in enumerate(seeds) if seed.event}
    return Targets(
        relevance=torch.tensor([float(seed.relevant) for seed in seeds]),
        types=torch.tensor([[float(kind in seed.types) for kind in TYPES] for seed in seeds]),
        severity=torch.tensor([seed.severity for seed in seeds]),
        weight=torch.tensor([recipe.grave if seed.severity >= 3 else 1.0 for seed in seeds]),
        event=torch.tensor([events[seed.event] if seed.event else -1 for seed in seeds]),
        teacher=torch.from_numpy(teacher),
    )


def batches(seeds: Sequence[Seed], size: int, random: Random) -> Iterator[list[int]]:
    """One epoch: every row once, items of one event together, neighbours of like length, batches in random order."""
    groups: dict[str, list[int]] = {}
    for row, seed in enumerate(seeds):
        groups.setdefault(seed.event or f"row {row}", []).append(row)
    units = list(groups.values())
    random.shuffle(units)
    rows: list[int] = []
    for start in range(0, len(units), 4 * size):
        near = sorted(
            units[start : start + 4 * size], key=lambda unit: sum(len(seeds[r].text) for r in unit) / len(unit)
        )
        rows += [row for unit in near for row in unit]
    cut = [rows[start : start + size] for start in range(0, len(rows), size)]
    random.shuffle(cut)
    yield from cut


def _learning(network: Any, recipe: Recipe) -> None:
    """Training mode, but for the frozen layers: noise there would only cost time."""
    network.train()
    model = network["encoder"]
    for frozen in (model.embeddings, *model.encoder.layer[: recipe.frozen]):
        frozen.eval()


def _pace(step: int, total: int, warm: float) -> float:
    """The share of the full learning rate: up over the first steps, then down along a cosine."""
    start = max(1, int(warm * total))
    return (
        (step + 1) / start if step < start else 0.5 * (1 + math.cos(math.pi * (step - start) / max(1, total - start)))
    )


def _groups(network: Any, recipe: Recipe) -> list[dict[str, Any]]:
    """The parameters that learn, with their rates; embeddings and the lowest layers are frozen."""
    model = network["encoder"]
    for frozen in (model.embeddings, *model.encoder.layer[: recipe.frozen]):
        frozen.requires_grad_(False)
    layers = list(model.encoder.layer)
    groups = [
        {"params": list(layer.parameters()), "lr": recipe.rate * recipe.decay ** (len(layers) - 1 - number)}
        for number, layer in enumerate(layers)
        if number >= recipe.frozen
    ]
    heads = [*network["shared"].parameters(), *network["heads"].parameters()]
    return [
        *groups,
        {"params": heads, "lr": recipe.head_rate},
        {"params": list(network["project"].parameters()), "lr": recipe.rate},
    ]
