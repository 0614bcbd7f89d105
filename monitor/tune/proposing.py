"""The proposals themselves: for each setting the value that makes the fewest mistakes, where the evidence is enough."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from monitor.config import KeywordRule
from monitor.store import Traced
from monitor.text import words
from monitor.tune.replaying import Replay
from monitor.tune.values import History, Kind, Proposal, Settings, Told, Tuning
from monitor.tune.wording import one_sided
from monitor.verdicts import Ruling, rulings

JUDGED = 10
"""Judged articles that a chat's threshold decides on, before another one is proposed."""
OF_WEIGHT = 5
"""Judged articles that a rule matched, before another weight is proposed."""
OF_SOURCE = 5
"""Judged articles of a feed, all of them noise, before it is called noise."""
OF_WORD = 8
"""Judged articles that a word stands in, all of one kind, and as many of the other kind without it."""
DAYS = 3
"""On how many days they were published: one bad evening is no habit."""
BETTER = 3
"""By how many mistakes fewer a change must be better, lest one press of a button moves a setting."""
MISSED = 2
"""How many false alerts a missed event weighs."""
STEPS = tuple(round(sign * step / 10, 1) for step in range(1, 31) for sign in (1, -1))
"""Changes of a weight that are tried, the smallest first: up to 3.0 in log-odds."""
NEW_WEIGHTS = (0.5, -0.5, 1.0, -1.0, 1.5, -1.5, 2.0, -2.0)
LIMIT = 10.0
"""The greatest weight that keywords.yaml takes."""
WORDS = 3
"""New words proposed at once."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """An article that people agree on."""

    traced: Traced
    relevant: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """A change before it is known what it would do, and the settings that it makes."""

    kind: Kind
    subject: str
    old: float | bool | None
    new: float | bool
    made: Settings


def propose(history: History, settings: Settings) -> Tuning:
    """What should be set otherwise, and what there is too little evidence for."""
    tuner = _Tuner(history, settings)
    tuner.sources()
    tuner.weights()
    tuner.words()
    tuner.thresholds()
    return Tuning(len(tuner.lessons), tuple(tuner.found), tuple(tuner.notes))


class _Tuner:
    """The settings while proposals change them, one after the other."""

    def __init__(self, history: History, settings: Settings) -> None:
        self._history, self._settings = history, settings
        self._articles = {traced.article.id or 0: traced for traced in history.articles}
        self._rulings = rulings(history.feedback)
        self.lessons, disputed, foreign = _lessons(self._rulings, self._articles, history.model)
        self._told = self._replay(settings).alerts()
        self.found: list[Proposal] = []
        self.notes: list[str] = []
        if disputed:
            self.notes.append(f"{articles(disputed)} left out: people disagree")
        if foreign:
            told = "another version of the classifier scored them, or none is stored"
            self.notes.append(f"{articles(foreign)} left out: {told}")

    def sources(self) -> None:
        """Feeds whose judged articles are all noise."""
        of: dict[str, list[Lesson]] = {}
        for lesson in self.lessons:
            of.setdefault(lesson.traced.article.source, []).append(lesson)
        few = 0
        for source in self._settings.config.sources:
            mine = of.get(source.name, [])
            if not source.enabled or not mine or any(lesson.relevant for lesson in mine):
                continue
            if len(mine) < OF_SOURCE or _days(mine) < DAYS:
                few += 1
                continue
            made = replace(source, enabled=False)
            sources = tuple(made if known is source else known for known in self._settings.config.sources)
            self._take(Draft("source", source.name, True, False, self._with(sources=sources)), mine)
        if few:
            told = f"{few} {'feed' if few == 1 else 'feeds'} brought only noise so far, of too few judged articles"
            self.notes.append(f"{told}: a feed needs {OF_SOURCE}, on {DAYS} days")

    def weights(self) -> None:
        """Boost rules that another weight would serve better."""
        hit = self._hit()
        rules = self._settings.config.keywords.boost
        matches = Counter(rule.match for rule in rules)
        few = 0
        for rule in rules:
            mine = hit.get(rule.match, [])
            if len(mine) < OF_WEIGHT or matches[rule.match] > 1:
                few += bool(mine)
                continue
            weights = [round(rule.weight + step, 2) for step in STEPS]
            made = {weight: self._weighed(rule, weight) for weight in weights if -LIMIT <= weight <= LIMIT}
            best = self._best(mine, made)
            self._take(Draft("weight", rule.match, rule.weight, best, made[best]), mine)
        if few:
            told = f"{few} boost {'rule' if few == 1 else 'rules'} matched too few judged articles to be weighed anew"
            self.notes.append(f"{told}: a rule needs {OF_WEIGHT}, and a match that stands in one rule only")

    def words(self) -> None:
        """Words that mark noise, or what was missed, and that no rule knows."""
        judged = [(lesson.traced, lesson.relevant) for lesson in self.lessons]
        known = {word for rule in self._settings.config.keywords.boost for word in words(rule.match)}
        proposed = 0
        for word, held in one_sided(judged, known, OF_WORD):
            within = [self.lessons[index] for index in held]
            # Those that are right already need no rule; most words are of such.
            if _days(within) < DAYS or self._mistakes(within, self._settings) < BETTER:
                continue
            made = {weight: self._weighed(KeywordRule(match=word), weight) for weight in NEW_WEIGHTS}
            best = self._best(within, made)
            proposed += self._take(Draft("word", word, None, best, made[best]), within)
            if proposed == WORDS:
                return

    def thresholds(self) -> None:
        """A threshold for each chat, from what was said there."""
        for chat in self._replay(self._settings).chats:
            said = [word for word in self._history.feedback if word.chat == chat]
            lessons, _, _ = _lessons(rulings(said), self._articles, self._history.model)
            if lessons:
                self._threshold(chat, lessons)

    def _threshold(self, chat: str, lessons: Sequence[Lesson]) -> None:
        low, high = self._replay(self._chosen(chat, 0.0)), self._replay(self._chosen(chat, 2.0))
        moved = [
            lesson for lesson in lessons if chat in low.tells(lesson.traced) and chat not in high.tells(lesson.traced)
        ]
        if len(moved) < JUDGED:
            told = f"chat {chat}: {articles(len(moved))} that its threshold decides on"
            self.notes.append(f"{told}, a proposal needs {JUDGED}")
            return
        scored = sorted((low.score(lesson.traced).relevance, lesson.relevant) for lesson in moved)
        config = self._settings.config.alerts.threshold
        now = self._settings.chosen.get(chat, self._settings.threshold if config is None else config)
        best = min(cuts(scored, now), key=lambda cut: (cost(scored, cut), abs(cut - now)))
        old = self._settings.chosen.get(chat)
        self._take(Draft("threshold", chat, old, best, self._chosen(chat, best)), moved, chat)

    def _hit(self) -> Mapping[str, list[Lesson]]:
        """The judged articles of each boost rule's match."""
        now = self._replay(self._settings)
        found: dict[str, list[Lesson]] = {}
        for lesson in self.lessons:
            for match in {hit.match for hit in now.score(lesson.traced).keywords if hit.list == "boost"}:
                found.setdefault(match, []).append(lesson)
        return found

    def _best(self, lessons: Sequence[Lesson], made: Mapping[float, Settings]) -> float:
        """The first of the values with the fewest mistakes."""
        costs = {value: self._mistakes(lessons, settings) for value, settings in made.items()}
        return min(costs, key=lambda value: costs[value])

    def _mistakes(self, lessons: Iterable[Lesson], settings: Settings, chat: str | None = None) -> int:
        """The mistakes that the settings make, in any chat or in one."""
        replay = self._replay(settings)
        found = 0
        for lesson in lessons:
            chats = replay.tells(lesson.traced)
            found += _mistake(bool(chats) if chat is None else chat in chats, lesson.relevant)
        return found

    def _take(self, draft: Draft, lessons: Sequence[Lesson], chat: str | None = None) -> bool:
        """Propose it and go on from the settings that it makes; whether that was well founded."""
        mistakes = self._mistakes(lessons, self._settings, chat), self._mistakes(lessons, draft.made, chat)
        if mistakes[0] - mistakes[1] < BETTER:
            return False
        told = self._replay(draft.made).alerts()
        gained = _latest(told[key] for key in told.keys() - self._told.keys())
        lost = _latest(self._told[key] for key in self._told.keys() - told.keys())
        unknown = {alert.story or -alert.article for alert in (*gained, *lost) if alert.relevant is None}
        if len(unknown) > len(lessons):
            if draft.kind != "word":
                better = f"{draft.kind} {draft.subject}: {draft.new:g} would correct {mistakes[0] - mistakes[1]}"
                self.notes.append(f"{better}, but change {len(unknown)} alerts that nobody judged: judge some of them")
            return False
        good = sum(lesson.relevant for lesson in lessons)
        evidence = good, len(lessons) - good
        self.found.append(
            Proposal(draft.kind, draft.subject, draft.old, draft.new, *evidence, mistakes, tuple(gained), tuple(lost))
        )
        self._settings, self._told = draft.made, told
        return True

    def _replay(self, settings: Settings) -> Replay:
        return Replay(self._history, settings, self._rulings)

    def _with(self, **values: object) -> Settings:
        return replace(self._settings, config=self._settings.config.model_copy(update=values))

    def _chosen(self, chat: str, threshold: float) -> Settings:
        return replace(self._settings, chosen={**self._settings.chosen, chat: threshold})

    def _weighed(self, rule: KeywordRule, weight: float) -> Settings:
        """The settings with the rule at this weight; a rule that is not there is added."""
        keywords = self._settings.config.keywords
        made = rule.model_copy(update={"weight": weight})
        if any(other is rule for other in keywords.boost):
            boost = tuple(made if other is rule else other for other in keywords.boost)
        else:
            boost = (*keywords.boost, made)
        return self._with(keywords=keywords.model_copy(update={"boost": boost}))


def cuts(scored: Sequence[tuple[float, bool]], now: float) -> list[float]:
    """Thresholds worth a try: the present one, and a short number on each side of every score.

    What is at the threshold or above is told. `scored` is in order of the scores.
    """
    values = sorted({score for score, _ in scored})
    found = [now, short(0.0, values[0])]
    found += [short(low, high) for low, high in zip(values, [*values[1:], 1.0], strict=True) if low < high]
    return found


def short(low: float, high: float) -> float:
    """The number of the fewest digits that is above `low`, at most `high`, and nearest to their middle."""
    middle = (low + high) / 2
    for digits in range(2, 7):
        found = round(middle, digits)
        if low < found <= high:
            return found
    return high


def cost(scored: Iterable[tuple[float, bool]], threshold: float) -> int:
    """The mistakes that a threshold makes."""
    return sum(_mistake(score >= threshold, relevant) for score, relevant in scored)


def _mistake(told: bool, relevant: bool) -> int:
    if told == relevant:
        return 0
    return MISSED if relevant else 1


def _lessons(ruled: Mapping[int, Ruling], articles: Mapping[int, Traced], model: str) -> tuple[list[Lesson], int, int]:
    """What people agree on of the model's articles; how many are disputed, and how many another model scored."""
    found, disputed, foreign = [], 0, 0
    for number, ruling in ruled.items():
        traced = articles.get(number)
        if traced is None or traced.judgement is None or traced.judgement.model != model:
            foreign += 1
        elif ruling.disputed:
            disputed += 1
        else:
            found.append(Lesson(traced, ruling.relevant))
    return found, disputed, foreign


def _days(lessons: Iterable[Lesson]) -> int:
    return len({lesson.traced.article.published.date() for lesson in lessons})


def _latest(alerts: Iterable[Told]) -> list[Told]:
    return sorted(alerts, key=lambda alert: (alert.at, alert.article, alert.chat), reverse=True)


def articles(count: int) -> str:
    """How many, in words."""
    return f"{count} judged {'article' if count == 1 else 'articles'}"
