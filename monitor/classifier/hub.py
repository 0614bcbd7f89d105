"""A model of the hub, or of a folder in its form, judged through `transformers.pipeline`.

Needs PyTorch; trains nothing.
"""

import importlib.util
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.domain import Article, EventType, Probabilities
from monitor.errors import ModelError

CANDIDATES: Mapping[EventType, str] = {
    EventType.DEPLOYMENT: "troops or weapons moved or put on alert in the Balkans",
    EventType.CLASH: "shooting, armed attack or fighting in the Balkans",
    EventType.WITHDRAWAL_CALL: "a call to withdraw forces or show restraint in the Balkans",
    EventType.THREAT: "a threat of force, war or secession in the Balkans",
    EventType.UNREST: "barricades, riots or violent protest in the Balkans",
    EventType.ARMS: "weapons seized or armed groups found in the Balkans",
    EventType.DEESCALATION: "forces withdrawn or tension lowered in the Balkans",
}
OTHER = "other news"
POSITIVE = {"relevant", "label_1", "1", "true", "yes", "positive"}
EMBEDDED = 384


class HubClassifier:
    """Zero-shot models choose among descriptions of the event types; text classifiers bring their own labels.

    Neither says how grave an event is: what is relevant is given level 2. Calls take turns.
    """

    threshold = 0.5

    def __init__(self, pipeline: Any, name: str, batch: int) -> None:
        self.version = f"hub:{name}"
        self._pipeline, self._batch = pipeline, batch
        self._turn = threading.Lock()

    @staticmethod
    def could_open(name: str) -> bool:
        """Whether the name may be that of a hub model, or of a folder with one, and PyTorch is installed."""
        return not name.startswith(("~", ".")) and importlib.util.find_spec("torch") is not None

    @classmethod
    def load(cls, name: str, threads: int | None = None, batch: int = 16) -> "HubClassifier":
        """Opens the model. Raises ModelError in one sentence."""
        import torch
        import transformers

        if threads:
            torch.set_num_threads(threads)
        try:
            labels = {str(label).lower() for label in transformers.AutoConfig.from_pretrained(name).label2id}
            task = "zero-shot-classification" if "entailment" in labels else "text-classification"
            opened: Any = transformers.pipeline
            return cls(opened(task, model=name, device="cpu"), name, batch)
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"the model '{name}' cannot be opened: {str(error).strip().splitlines()[0]}") from error

    def classify(self, items: Sequence[Article | tuple[str, str]]) -> list[Probabilities]:
        """The model's word on each article, or (title, summary), in the order given."""
        pairs = [item if isinstance(item, tuple) else (item.title, item.summary) for item in items]
        texts = [". ".join(part for part in pair if part) or "-" for pair in pairs]
        if not texts:
            return []
        with self._turn:
            scores = (
                self._zero_shot(texts) if self._pipeline.task == "zero-shot-classification" else self._labels(texts)
            )
            embeddings = self._embed(texts)
        return [_probabilities(score, vector) for score, vector in zip(scores, embeddings, strict=True)]

    def _zero_shot(self, texts: list[str]) -> list[dict[str, float]]:
        names = {phrase: kind.value for kind, phrase in CANDIDATES.items()} | {OTHER: "other"}
        results = self._pipeline(texts, candidate_labels=list(names), batch_size=self._batch)
        rows = [dict(zip((names[label] for label in r["labels"]), r["scores"], strict=True)) for r in results]
        return [{**row, "relevant": 1 - row["other"]} for row in rows]

    def _labels(self, texts: list[str]) -> list[dict[str, float]]:
        results = self._pipeline(texts, top_k=None, truncation=True, batch_size=self._batch)
        rows = [{entry["label"].lower(): entry["score"] for entry in result} for result in results]
        return [
            {**row, "relevant": max((row[name] for name in POSITIVE & set(row)), default=_loudest(row))} for row in rows
        ]

    def _embed(self, texts: list[str]) -> npt.NDArray[np.float32]:
        """Unit vectors: mean last hidden states, in 384 numbers by a fixed random projection that keeps angles."""
        import torch

        rows = []
        for start in range(0, len(texts), self._batch):
            part = texts[start : start + self._batch]
            inputs = self._pipeline.tokenizer(part, padding=True, truncation=True, max_length=128, return_tensors="pt")
            with torch.inference_mode():
                hidden = self._pipeline.model(**inputs, output_hidden_states=True).hidden_states[-1]
            mask = inputs["attention_mask"][:, :, None]
            rows.append(((hidden * mask).sum(1) / mask.sum(1)).float().numpy())
        means = np.concatenate(rows)
        turned = means @ np.random.default_rng(0).standard_normal((means.shape[1], EMBEDDED), np.float32)
        result: npt.NDArray[np.float32] = turned / np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-9)
        return result


def _loudest(row: Mapping[str, float]) -> float:
    return max((row.get(kind.value, 0.0) for kind in EventType), default=0.0)


def _probabilities(scores: Mapping[str, float], embedding: npt.NDArray[np.float32]) -> Probabilities:
    relevance = min(1.0, max(0.0, scores["relevant"]))
    types = {kind: scores.get(kind.value, 0.0) for kind in EventType}
    return Probabilities(relevance, types, (1 - relevance, 0.0, relevance, 0.0, 0.0), embedding)
