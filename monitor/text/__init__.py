"""Words made comparable across scripts, diacritics and cases, and patterns found among them. Knows no language."""

from monitor.text.folding import fingerprint, fold, spans, words
from monitor.text.matching import Match, Matcher, check_pattern

__all__ = ["Match", "Matcher", "check_pattern", "fingerprint", "fold", "spans", "words"]
