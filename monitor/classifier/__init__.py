"""Judges titles and summaries with the transformer.

Relevance, event types, severity, and an embedding. Decides nothing.
"""

from monitor.classifier.hub import HubClassifier
from monitor.classifier.onnx import MODEL, Calibration, Classifier, Settings
from monitor.domain import Model

__all__ = ["MODEL", "Calibration", "Classifier", "HubClassifier", "Settings", "open_model"]


def open_model(name: str | None, threads: int | None = None, batch: int = 16) -> Model:
    """The model that the configuration names: the shipped one, another folder of the same form, or a hub model.

    Raises ModelError in one sentence where it cannot be used.
    """
    from pathlib import Path

    folder = MODEL if name is None else Path(name).expanduser()
    if name is None or (folder / "model.onnx").is_file() or not HubClassifier.could_open(name):
        return Classifier.load(folder, threads, batch)
    return HubClassifier.load(name, threads, batch)
