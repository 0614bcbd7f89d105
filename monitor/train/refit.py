"""The heads for type and severity fitted once more over the finished encoder, so that rare kinds of news count.

Most calls to withdraw are words of a calm day, and few are of forces that are massed at a border as never before:
fitted together, the many drown the few. With the features fixed, rare kinds count more than they come (decoupled
training, Kang et al. 2020). Relevance and embedding stay as they are.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from monitor.classifier.reading import Limits
from monitor.seeds import Seed
from monitor.train.fit import in_batches
from monitor.train.network import STEPS, TYPES, features

BALANCE = 0.5
"""How far kinds, each a severity with its types, are made to count alike: 0 as often as they come, 1 all the same."""
HOLD = 3e-5
"""The pull of the weights to what they were."""
ROUNDS = 60


def refit(network: Any, tokenizer: Any, seeds: Sequence[Seed], limits: Limits) -> None:
    """Fits the rows of the heads that tell types and severity to the relevant seeds; changes the network."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits as cross

    relevant = [seed for seed in seeds if seed.relevant]
    kinds = [(seed.severity, frozenset(seed.types)) for seed in relevant]
    counts = Counter(kinds)
    weight = torch.tensor([counts[kind] ** -BALANCE for kind in kinds])
    weight = (weight / weight.mean())[:, None]
    network.eval()
    texts = [(seed.title, seed.summary) for seed in relevant]
    seen = in_batches(lambda ids, segments: features(network, ids, segments)[0], tokenizer, texts, limits)[0]
    inputs = torch.from_numpy(seen)
    types = [[float(kind in seed.types) for kind in TYPES] for seed in relevant]
    steps = [[float(seed.severity >= level) for level in range(2, 2 + STEPS)] for seed in relevant]
    want = torch.cat([torch.tensor(types), torch.tensor(steps)], dim=1)
    heads = network["heads"]
    before = torch.cat([heads.weight[1:], heads.bias[1:, None]], dim=1).detach()
    after = before.clone().requires_grad_(True)
    optimiser = torch.optim.LBFGS([after], max_iter=ROUNDS, line_search_fn="strong_wolfe")

    def loss() -> Any:
        optimiser.zero_grad()
        logits = inputs @ after[:, :-1].T + after[:, -1]
        value = (cross(logits, want, reduction="none") * weight).mean() + HOLD * (after - before).square().sum()
        value.backward()
        return value

    optimiser.step(loss)
    with torch.no_grad():
        heads.weight[1:], heads.bias[1:] = after[:, :-1], after[:, -1]
