"""Judging: how texts become the model's input, how its numbers become probabilities, the shipped model, and damaged ones."""

import hashlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitor.classifier import MODEL, Calibration, Classifier, HubClassifier, open_model
from monitor.classifier.onnx import TOKENS_A_BATCH, batches, distribution
from monitor.classifier.reading import BOS, EOS, Limits, Reading, pad, read
from monitor.domain import EventType
from monitor.errors import ModelError

DANGER = "US calls on Serbia to withdraw its unprecedented military deployment on Kosovo border"
SPORT = "Serbia withdraws from the basketball tournament in Pristina"
shipped = pytest.mark.skipif(not (MODEL / "model.onnx").is_file(), reason="no model has been trained")


def words(texts: list[str], **_: Any) -> dict[str, list[list[int]]]:
    """A tokenizer that gives each word's length plus 10."""
    return {"input_ids": [[10 + len(word) for word in text.split()] for text in texts]}


@pytest.mark.parametrize(
    ("title", "summary", "ids", "segments"),
    [
        ("aa b", "", [BOS, 16, 12, 11, EOS], [1] * 5),
        ("aa b", "ccc", [BOS, 16, 12, 11, EOS, EOS, 13, EOS], [1] * 5 + [2] * 3),
        ("a a a a a a", "ccc", [BOS, 16, 11, 11, EOS, EOS, 13, EOS], [1] * 5 + [2] * 3),
        ("a", "c c c c c c c c", [BOS, 16, 11, EOS, EOS, 11, 11, 11, 11, EOS], [1] * 4 + [2] * 6),
        ("", "", [BOS, 16, EOS], [1] * 3),
    ],
)
def test_title_keeps_its_room(title: str, summary: str, ids: list[int], segments: list[int]) -> None:
    """The title comes first and is cut only at its own limit; the summary takes what is left of the whole."""
    (reading,) = read(words, [(title, summary)], Limits(title=3, total=10))
    assert reading == Reading(tuple(ids), tuple(segments))


def test_huge_texts_are_cut_before_they_are_split() -> None:
    """A megabyte of text costs no more than what the model can read of it."""
    seen: list[int] = []

    def tokenizer(texts: list[str], **_: Any) -> dict[str, list[list[int]]]:
        seen.extend(len(text) for text in texts)
        return words(texts)

    (reading,) = read(tokenizer, [("a " * 500_000, "b " * 500_000)], Limits())
    assert max(seen) <= 16 * 128 + 10
    assert len(reading.ids) == 128


def test_padding_is_marked() -> None:
    """Shorter items are filled with the padding id and segment 0."""
    ids, segments = pad([Reading((0, 5, 2), (1, 1, 1)), Reading((0, 2), (1, 1))])
    assert ids.tolist() == [[0, 5, 2], [0, 2, 1]]
    assert segments.tolist() == [[1, 1, 1], [1, 1, 0]]


def test_batches_are_alike_and_bounded() -> None:
    """Every row once, like lengths together, at most the given items and a bounded number of tokens."""
    lengths = [5, 120, 7, 120, 6, *[120] * 30]
    readings = [Reading((0,) * n, (1,) * n) for n in lengths]
    cut = list(batches(readings, 20))
    assert sorted(row for rows in cut for row in rows) == list(range(len(lengths)))
    assert all(len(rows) * max(lengths[row] for row in rows) <= TOKENS_A_BATCH for rows in cut)
    assert list(batches(readings[:5], 2)) == [[0, 4], [2], [1, 3]]
    assert list(batches([], 4)) == []


def test_calibration_is_a_sigmoid() -> None:
    """Scale and offset act on the logit; extremes stay finite."""
    calibrate = Calibration(2.0, -1.0)
    values = calibrate(np.array([0.5, 1e9, -1e9], np.float32))
    assert values[0] == 0.5
    assert 0 <= values[2] < 1e-20 < values[1] <= 1


def test_severity_is_a_distribution() -> None:
    """Five levels that sum to one, level 0 being irrelevance, also where the steps contradict each other."""
    levels = distribution(np.array([0.8, 0.1]), np.array([[0.5, 0.25, 0.0], [0.2, 0.9, 0.4]]))
    assert levels[0].tolist() == pytest.approx([0.2, 0.4, 0.2, 0.2, 0.0])
    assert levels.sum(1).tolist() == pytest.approx([1, 1])
    assert (levels >= 0).all()


@pytest.fixture(scope="module")
def model() -> Classifier:
    """The shipped model on one core."""
    return Classifier.load(threads=1)


@shipped
def test_shipped_model_tells_danger_from_sport(model: Classifier) -> None:
    """The example of the manual is relevant and grave, the look-alike is not; outputs have their shapes."""
    danger, sport = model.classify([(DANGER, ""), (SPORT, "")])
    assert danger.relevance > model.threshold > sport.relevance
    assert danger.types[EventType.DEPLOYMENT] > 0.5
    assert sum(danger.severity) == pytest.approx(1)
    assert danger.embedding.shape == (384,)
    assert float(np.linalg.norm(danger.embedding)) == pytest.approx(1, abs=1e-4)


@shipped
def test_order_and_company_do_not_matter(model: Classifier) -> None:
    """An item's judgement hardly depends on what it is judged with, and comes back in its place."""
    texts = [(DANGER, "x " * n) for n in range(12)] + [(SPORT, "")]
    alone = [model.classify([text])[0].relevance for text in texts]
    together = [item.relevance for item in model.classify(texts)]
    assert together == pytest.approx(alone, abs=0.05)
    assert model.classify([]) == []


@shipped
def test_threads_may_share_it(model: Classifier) -> None:
    """Calls from several threads at once give what calls in turn give."""
    want = [item.relevance for item in model.classify([(DANGER, ""), (SPORT, "")])]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: model.classify([(DANGER, ""), (SPORT, "")]), range(8)))
    assert all([item.relevance for item in result] == want for result in results)


@shipped
@pytest.mark.parametrize("text", ["", " ", "\u0000", "🚨" * 4000, "中国" * 50, "a" * 100_000, "\u202eabc", "\ud83d"])
def test_any_text_is_judged(model: Classifier, text: str) -> None:
    """No text breaks it."""
    (judged,) = model.classify([(text, text)])
    assert 0 <= judged.relevance <= 1


@shipped
def test_files_are_within_their_bounds() -> None:
    """The model is at most 50 MB, its tokenizer at most 6 MB."""
    assert (MODEL / "model.onnx").stat().st_size <= 50_000_000
    assert (MODEL / "tokenizer.json").stat().st_size <= 6_000_000


@shipped
def test_loading_is_silent() -> None:
    """Nothing is printed, although PyTorch may be absent."""
    code = "from monitor.classifier import Classifier; Classifier.load(threads=1).classify([('a', '')])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def folder_of(path: Path, **changes: Any) -> Path:
    """A model folder with right sums over files that hold no model."""
    files = {"model.onnx": b"no graph", "tokenizer.json": b"{}"}
    for name, content in files.items():
        (path / name).write_bytes(content)
    calibration = {"scale": 1.0, "offset": 0.0}
    document: dict[str, Any] = {
        "form": 1,
        "threshold": 0.5,
        "relevance": calibration,
        "types": {kind.value: calibration for kind in EventType},
        "severity": calibration,
        "limits": {"title": 8, "total": 16},
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    (path / "config.json").write_text(json.dumps({"model_type": "bert", "monitor": document | changes}), "utf-8")
    return path


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda path: (path / "config.json").unlink(), "config.json is missing"),
        (lambda path: (path / "config.json").write_text("{"), "not the configuration"),
        (lambda path: (path / "config.json").write_text("[]"), "not the configuration"),
        (lambda path: (path / "config.json").write_bytes(b"\xff\xfe"), "not the configuration"),
        (lambda path: (path / "config.json").write_text('{"model_type": "bert"}'), "not the configuration"),
        (lambda path: folder_of(path, form=2), "form 2"),
        (lambda path: folder_of(path, types={}), "not the configuration"),
        (lambda path: folder_of(path, files={}), "must name"),
        (lambda path: (path / "model.onnx").unlink(), "incomplete"),
        (lambda path: (path / "tokenizer.json").write_bytes(b"cut"), "damaged"),
        (lambda path: None, "cannot be opened"),
    ],
)
def test_damaged_model_is_one_sentence(tmp_path: Path, damage: Any, said: str) -> None:
    """Missing, damaged and foreign files are one sentence that names the place."""
    damage(folder_of(tmp_path))
    with pytest.raises(ModelError, match=said) as caught:
        Classifier.load(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    """A folder that is not there is said to be no classifier, PyTorch or not."""
    with pytest.raises(ModelError, match=r"no classifier|cannot be opened"):
        open_model(str(tmp_path / "nowhere"))


@pytest.fixture
def hub_folder(tmp_path: Path) -> Any:
    """Makes a tiny BERT with random weights and the given labels, as transformers saves it."""
    torch = pytest.importorskip("torch")
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    def make(labels: list[str]) -> Path:
        torch.manual_seed(1)
        names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "serbia", "kosovo", "withdraws", "a", "b"]
        (tmp_path / "vocab.txt").write_text("\n".join(names), "utf-8")
        BertTokenizerFast(str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
        config = BertConfig(
            vocab_size=len(names),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
            id2label=dict(enumerate(labels)),
            label2id={label: i for i, label in enumerate(labels)},
        )
        BertForSequenceClassification(config).save_pretrained(tmp_path)
        return tmp_path

    return make


@pytest.mark.parametrize(
    "labels", [["irrelevant", "relevant"], ["other", "clash", "arms"], ["contradiction", "neutral", "entailment"]]
)
def test_hub_model_in_a_folder(hub_folder: Any, labels: list[str]) -> None:
    """With PyTorch, a text classifier or a zero-shot model in the hub's form judges through a pipeline."""
    opened = open_model(str(hub_folder(labels)), threads=1, batch=2)
    assert isinstance(opened, HubClassifier)
    first, second, third = opened.classify([("Serbia withdraws", "a b"), ("Kosovo", ""), ("", "")])
    assert 0 <= first.relevance <= 1
    assert sum(second.severity) == pytest.approx(1)
    assert third.embedding.shape == (384,)
    assert float(np.linalg.norm(third.embedding)) == pytest.approx(1, abs=1e-4)
    assert opened.classify([]) == []
