"""The shipped classifier.

An ONNX graph with 8-bit weights, its tokenizer and its calibration, loaded from one folder.
"""

import hashlib
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.classifier.reading import Limits, Reading, pad, read
from monitor.domain import Article, EventType, Probabilities
from monitor.errors import ModelError

MODEL = Path(__file__).parent.parent / "model"
"""The folder of the model that is part of the package."""
GRAPH, TOKENIZER, CONFIG = "model.onnx", "tokenizer.json", "config.json"
FORM = 1
LEVELS = 5
TOKENS_A_BATCH = 512
TOKENS_A_CALL = 8
"""What a call of the model costs beyond its tokens, in tokens."""
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns the model's numbers into probabilities: sigmoid(scale * logit + offset)."""

    scale: float = 1.0
    offset: float = 0.0

    def __call__(self, logits: Floats) -> npt.NDArray[np.float64]:
        """Probabilities of the same shape."""
        exponent = np.clip(self.scale * logits.astype(np.float64) + self.offset, -60, 60)
        result: npt.NDArray[np.float64] = 1 / (1 + np.exp(-exponent))
        return result


@dataclass(frozen=True, slots=True)
class Settings:
    """What config.json says beyond the encoder's shape.

    The default threshold, calibrations, limits, and the files' SHA-256.
    """

    threshold: float
    relevance: Calibration
    types: Mapping[EventType, Calibration]
    severity: Calibration
    limits: Limits = field(default_factory=Limits)
    files: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As stored in config.json under `monitor`."""
        return {"form": FORM, **asdict(self)}

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> "Settings":
        """From config.json; raises KeyError, TypeError or ValueError where it has another form."""
        if document["form"] != FORM:
            raise ValueError(f"form {document['form']}, expected {FORM}")
        return cls(
            threshold=float(document["threshold"]),
            relevance=Calibration(**document["relevance"]),
            types={kind: Calibration(**document["types"][kind]) for kind in EventType},
            severity=Calibration(**document["severity"]),
            limits=Limits(**document["limits"]),
            files=dict(document["files"]),
        )


class Classifier:
    """The model of a folder, ready to judge. Safe to call from several threads; calls take turns."""

    def __init__(self, session: Any, tokenizer: Any, settings: Settings, version: str, batch: int) -> None:
        self.settings = settings
        self.threshold = settings.threshold
        self.version = version
        self._session, self._tokenizer, self._batch = session, tokenizer, batch
        self._turn = threading.Lock()

    @classmethod
    def load(cls, folder: Path = MODEL, threads: int | None = None, batch: int = 16) -> "Classifier":
        """Opens the folder's model on `threads` cores (None: all). Raises ModelError in one sentence."""
        settings, version = _settings(folder)
        for name, digest in settings.files.items():
            _check(folder / name, digest)
        try:
            return cls(_session(folder / GRAPH, threads), _tokenizer(folder), settings, version, batch)
        except Exception as error:
            raise ModelError(f"the classifier in {folder} cannot be opened: {_line(error)}") from error

    def classify(self, items: Sequence[Article | tuple[str, str]]) -> list[Probabilities]:
        """The model's word on each article, or (title, summary), in the order given."""
        texts = [item if isinstance(item, tuple) else (item.title, item.summary) for item in items]
        with self._turn:
            readings = read(self._tokenizer, texts, self.settings.limits)
            judged: dict[int, Probabilities] = {}
            for rows in batches(readings, self._batch):
                judged |= zip(rows, self._run([readings[row] for row in rows]), strict=True)
        return [judged[row] for row in range(len(readings))]

    def _run(self, readings: list[Reading]) -> list[Probabilities]:
        ids, segments = pad(readings)
        names = ["relevance", "types", "severity", "embedding"]
        relevance, types, severity, embedding = self._session.run(names, {"input_ids": ids, "segments": segments})
        relevant = self.settings.relevance(relevance)
        kinds = {kind: calibrate(types[:, i]) for i, (kind, calibrate) in enumerate(self.settings.types.items())}
        levels = distribution(relevant, self.settings.severity(severity))
        return [
            Probabilities(
                relevance=float(relevant[row]),
                types={kind: float(column[row]) for kind, column in kinds.items()},
                severity=tuple(levels[row].tolist()),
                embedding=embedding[row],
            )
            for row in range(len(readings))
        ]


def distribution(relevance: npt.NDArray[np.float64], steps: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Probabilities of the five levels (n, 5) from relevance (n) and P(level >= 2, 3, 4 | relevant) (n, 3)."""
    falling = np.minimum.accumulate(steps, axis=1) * relevance[:, None]
    least = np.column_stack([np.ones_like(relevance), relevance, falling, np.zeros_like(relevance)])
    return least[:, :LEVELS] - least[:, 1:]


def batches(readings: Sequence[Reading], size: int) -> Iterator[list[int]]:
    """Rows of like length together, cut where padding and the batches' own cost are least in sum.

    A batch has at most `size` rows, and TOKENS_A_BATCH tokens unless it is one row.
    """
    order = sorted(range(len(readings)), key=lambda row: len(readings[row].ids))
    least, last = [0], [0]
    for end, row in enumerate(order, start=1):
        length = len(readings[row].ids)
        most = max(1, min(size, end, TOKENS_A_BATCH // length))
        cost, rows = min((least[end - rows] + rows * length + TOKENS_A_CALL, rows) for rows in range(1, most + 1))
        least.append(cost)
        last.append(rows)
    cuts = [len(order)]
    while cuts[-1]:
        cuts.append(cuts[-1] - last[cuts[-1]])
    for begin, end in pairwise(reversed(cuts)):
        yield order[begin:end]


def _settings(folder: Path) -> tuple[Settings, str]:
    path = folder / CONFIG
    try:
        raw = path.read_bytes()
        settings = Settings.parse(_configuration(folder).monitor)
    except FileNotFoundError:
        raise ModelError(f"no classifier in {folder}: {CONFIG} is missing") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} is not the configuration of a classifier: {_line(error)}") from error
    if set(settings.files) != {GRAPH, TOKENIZER}:
        raise ModelError(f"{path} must name {GRAPH} and {TOKENIZER} with their SHA-256")
    return settings, hashlib.sha256(raw).hexdigest()[:12]


def _check(path: Path, digest: str) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"the classifier is incomplete: {path} cannot be read ({error.strerror})") from None
    if found != digest:
        raise ModelError(f"the classifier is damaged: {path} is not the file that {CONFIG} describes")


def _session(model: Path, threads: int | None) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Both would keep the memory of the largest batch ever seen: 360 MB instead of 230 after a burst of long items.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # By its path: given as bytes the file would stay in memory for as long as the session.
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _quiet() -> None:
    """transformers says at its first import that PyTorch is absent, which is as it should be.

    This is its own switch.
    """
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")


def _tokenizer(folder: Path) -> Any:
    _quiet()
    from transformers import PreTrainedTokenizerFast

    opened: Any = PreTrainedTokenizerFast
    return opened(tokenizer_file=str(folder / TOKENIZER), model_max_length=10**9)


def _configuration(folder: Path) -> Any:
    _quiet()
    from transformers import BertConfig

    return BertConfig.from_pretrained(folder, local_files_only=True)


def _line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
