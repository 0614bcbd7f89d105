"""The model card: what was measured stands in it."""

import numpy as np

from monitor.classifier import Calibration, Settings
from monitor.domain import EventType
from monitor.evaluate.robustness import Case, Outcome, Rate, Trial
from monitor.seeds import Seed
from monitor.train.calibrate import Choice
from monitor.train.card import card
from monitor.train.fit import Judged
from monitor.train.package import Agreement


def test_a_card_tells_what_was_measured() -> None:
    """Judgement by language, threshold, packing, and the pass rates of robustness, each with its figure."""
    plain = Calibration()
    settings = Settings(0.5, plain, dict.fromkeys(EventType, plain), plain)
    seeds = [Seed("1", "en", "a", "", True, ("clash",), 3, ("XK",)), Seed("2", "sq", "b", "", False, (), 0, ())]
    logits = np.array([2.0, -2.0], np.float32)
    judged = Judged(logits, np.tile(logits[:, None], 7), np.zeros((2, 3), np.float32), np.zeros((2, 384), np.float32))
    trial = Trial("capitals", Case("en", "a", True), "a", "A")
    rates = [Rate("capitals", (Outcome(trial, 0.9, 0.9, True), Outcome(trial, 0.9, 0.1, False)))]
    table = [Choice(0.5, 0.81, 0.92, 0.93, 0.14)]
    told = card(seeds, judged, settings, table, Agreement(200, 1, 0.012), rates, {"seeds": "2"})
    assert "| capitals | the decision stays | 2 | 50.0% |" in told
    assert "| en | 1 | 1 | 1.000 | 1.000 | 1.000 |" in told
    assert "| 0.50 | 0.810 | 0.920 | 0.930 | 0.140 |" in told
    assert "- seeds: 2" in told
    assert "{" not in told
