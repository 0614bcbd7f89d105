"""The 8-bit classifier against the same network in float32 PyTorch through `transformers.pipeline`, in one run.

    python bench/classifier.py [--texts FILE.jsonl[.gz]] [--weights FILE.pt]

Needs the extra `train`. Both judge the same texts on the same cores. The float32 network is the one that was trained
where its weights are given (`--weights`, a state_dict); else the shipped graph with its weights as float32, so that
decisions then differ by the 8-bit arithmetic alone. The pipeline is measured as it comes (one text at a time), in
batches, and in batches sorted by length, which it does not do by itself.
"""

import argparse
import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from common import cores, machine, quiet, say, show, texts
from twin import pipeline

SINGLE, BATCH, ROUNDS = 40, 16, 2


def asked(title: str, summary: str) -> dict[str, str]:
    """An item as the pipeline takes it, with the prefix that the network knows."""
    return {"text": f"query: {title}"} | ({"text_pair": summary} if summary else {})


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that it takes, and what it gives."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def latencies(work: Callable[[Any], Any], items: list[Any]) -> tuple[float, float]:
    """Median and 95th percentile in milliseconds of one item at a time."""
    times = [timed(lambda item=item: work(item))[0] for item in items]
    return 1000 * float(np.median(times)), 1000 * float(np.percentile(times, 95))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--texts", help="JSON Lines with `title` and `summary`; the project's seeds by default")
    parser.add_argument("--weights", type=Path, help="the trained network's state_dict")
    parser.add_argument("--count", type=int, default=400, help="how many texts")
    arguments = parser.parse_args()
    quiet()
    about, pairs = machine(), texts(arguments.count, arguments.texts)

    import torch

    from monitor.classifier import MODEL, Classifier

    torch.set_num_threads(cores())
    ours, theirs = Classifier.load(MODEL, cores()), pipeline(MODEL, arguments.weights)
    give = functools.partial(theirs, truncation=True)
    inputs = [asked(*pair) for pair in pairs]
    by_length = sorted(range(len(pairs)), key=lambda i: len("".join(pairs[i])))
    in_order = [inputs[i] for i in by_length]
    ours.classify(pairs[:BATCH])
    give(inputs[:BATCH], batch_size=BATCH)
    ways: dict[str, Callable[[], Any]] = {
        "ours, 8 bits": lambda: ours.classify(pairs),
        "pipeline, as it comes": lambda: give(inputs),
        f"pipeline, batches of {BATCH}": lambda: give(inputs, batch_size=BATCH),
        f"pipeline, batches of {BATCH} by length": lambda: give(in_order, batch_size=BATCH),
    }
    best, given = dict.fromkeys(ways, float("inf")), {}
    for _ in range(ROUNDS):
        for name, work in ways.items():
            seconds, given[name] = timed(work)
            best[name] = min(best[name], seconds)
            say(f"{name}: {seconds:.1f} s")
    fast, single = best["ours, 8 bits"], pairs[:SINGLE]
    delays = {
        "ours, 8 bits": latencies(lambda pair: ours.classify([pair]), single),
        "pipeline, as it comes": latencies(lambda item: give([item]), inputs[:SINGLE]),
    }
    rows = [
        (name, f"{len(pairs) / s:.0f}", f"{s / fast:.1f}", *(f"{x:.0f}" for x in delays.get(name, ())))
        for name, s in best.items()
    ]
    rows = [(*row, *("-",) * (5 - len(row))) for row in rows]
    head = ("", "items/s", "time, ours = 1", "one item, ms (median)", "one item, ms (95 %)")
    logits = [next(x["score"] for x in row if x["label"] == "relevance") for row in given["pipeline, as it comes"]]
    twin = ours.settings.relevance(np.array(logits))
    mine = np.array([one.relevance for one in given["ours, 8 bits"]])
    differ = int(((mine >= ours.threshold) != (twin >= ours.threshold)).sum())
    kind = "the network as trained" if arguments.weights else "the shipped network in float32"
    chosen = "the given texts" if arguments.texts else "the project's seeds"
    notes = [
        f"{len(pairs)} items of {chosen}, {cores()} threads for both; float32 is {kind}. Best of {ROUNDS} rounds, in turn.",
        f"Decisions that differ: {differ} of {len(pairs)}; relevance differs by {np.abs(mine - twin).mean():.4f} on average, "
        f"{np.abs(mine - twin).max():.3f} at most.",
    ]
    show(about, head, rows, notes)


if __name__ == "__main__":
    main()
