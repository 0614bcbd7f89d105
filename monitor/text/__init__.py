"""Words made comparable across scripts, diacritics and cases, and patterns found among them. Knows no grammar."""

from monitor.text.folding import fingerprint, fold, spans, words
from monitor.text.matching import Match, Matcher, check_pattern
from monitor.text.tongues import kin, language, tagged

__all__ = ["Match", "Matcher", "check_pattern", "fingerprint", "fold", "kin", "language", "spans", "tagged", "words"]
