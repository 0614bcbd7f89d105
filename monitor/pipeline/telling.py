"""What each chat is told of stories as they grow: policy chosen, decision made, message rendered. Stores nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.config import Config
from monitor.decide import Policy, choose, decide, expired, first, flares, fresh, marks, muted, policies, settled
from monitor.domain import Alerted, Decision, Headline, Judged, Kind, Mark, Mute, Story, Text, Told, Waiting
from monitor.render import Reader, reads, render, update
from monitor.store import Store, Verdict
from monitor.text import kin, language

TERMINAL = "terminal"


@dataclass(frozen=True, slots=True)
class Recipient:
    """A chat, what it wants, and how it reads; `mutes` are those in force there."""

    chat: str
    policies: tuple[Policy, ...]
    reader: Reader
    mutes: tuple[Mute, ...] = ()


def recipients(config: Config) -> tuple[tuple[str, int | None], ...]:
    """Who is told: each chat with its topic and each service, or the terminal where there is neither."""
    chats = config.telegram.chats if config.telegram.token is not None else ()
    told = [(str(chat.id), chat.thread) for chat in chats]
    told += [(service.chat, None) for service in config.notify]
    return tuple(told) or ((TERMINAL, None),)


def reader(config: Config, chat: str) -> Reader:
    """How a chat reads; the terminal reads English."""
    spoken = {str(known.id): known.language for known in config.telegram.chats}
    return Reader(config.display.zone, spoken.get(chat, "en"))


def addressed(
    config: Config, threshold: float, chosen: Mapping[str, float], mutes: Sequence[Mute] = ()
) -> tuple[Recipient, ...]:
    """Who is told, each with its policies; `threshold` is the classifier's, for policies that name none.

    `chosen` are the thresholds that people set for their chats, in place of `alerts.threshold`.
    """
    rules = {str(chat.id): chat.rules for chat in config.telegram.chats}
    rules |= {service.chat: service.rules for service in config.notify}
    zone, made = config.display.zone, []
    for chat, thread in recipients(config):
        alerts = config.alerts
        if chat in chosen:
            alerts = alerts.model_copy(update={"threshold": chosen[chat]})
        wanted = policies(rules.get(chat) or alerts.rules, alerts, threshold, zone, thread)
        made.append(Recipient(chat, wanted, reader(config, chat), tuple(mute for mute in mutes if mute.chat == chat)))
    return tuple(made)


class Teller:
    """What chats know and what waits, while articles come one after the other; a new story's number is negative."""

    def __init__(self, store: Store, now: datetime) -> None:
        self._store, self._now = store, now
        self._known: set[int] = set()
        self._alerted: dict[tuple[int, str], Alerted] = {}
        self._waiting: dict[tuple[int, str], Waiting] = {}
        self._read: dict[int, Judged] = {}
        self._stored: dict[tuple[int, str], Headline | None] = {}
        self._heard: dict[tuple[int, str], Headline] = {}

    def know(self, ids: Iterable[int]) -> None:
        """Read what chats know of these stories and what waits, where that was not done yet."""
        unknown = [id for id in ids if id > 0 and id not in self._known]
        if unknown:
            self._known |= set(unknown)
            self._alerted |= self._store.alerted(unknown)
            self._waiting |= self._store.waits(unknown)

    def told(self, story: Story, to: Iterable[Recipient]) -> bool:
        """Whether any recipient knows of the story."""
        self.know([story.id])
        return any((story.id, recipient.chat) in self._alerted for recipient in to)

    def tell(self, story: Story, judged: Judged, to: Iterable[Recipient]) -> tuple[Verdict, ...]:
        """What each recipient is told of the story that the article just joined."""
        self.know([story.id])
        article = judged.article
        if article.id is not None:
            self._read[article.id] = judged
        spoken = story.id, language(article.lang)
        self._heard.setdefault(spoken, Headline(article.title, article.url, article.outlet))
        return tuple(self._tell(story, judged, recipient, marks(judged)) for recipient in to)

    def again(self, waiting: Waiting, story: Story, judged: Judged, to: Recipient, config: Config) -> Verdict:
        """The decision that waited, made again."""
        late = expired(story, waiting, config.alerts.max_age, self._now)
        return Verdict(to.chat, late) if late else self._tell(story, judged, to, frozenset())

    def _tell(self, story: Story, judged: Judged, to: Recipient, says: frozenset[Mark]) -> Verdict:
        key = story.id, to.chat
        policy = choose(to.policies, story, judged, key in self._alerted)
        if isinstance(policy, Decision):
            return Verdict(to.chat, policy)
        if held := muted(to.mutes, story, judged):
            return Verdict(to.chat, held)
        waiting, alerted = self._waiting.get(key), self._alerted.get(key)
        said = says | frozenset(waiting.marks if waiting else ())
        if flares(judged, alerted):
            said |= {Mark.FLARED}
        decision = decide(story, judged, said, alerted, policy, self._now)
        verdict = self._verdict(story, judged, decision, said, to, policy)
        self._remember(story, judged, verdict)
        return verdict

    def _verdict(
        self, story: Story, judged: Judged, decision: Decision, said: frozenset[Mark], to: Recipient, policy: Policy
    ) -> Verdict:
        alerted, kind = self._alerted.get((story.id, to.chat)), decision.kind or Kind.NEW
        known = frozenset(alerted.marks if alerted else ())
        told = decision.send and kind is not Kind.EDIT
        return Verdict(
            chat=to.chat,
            decision=decision,
            text=self._text(story, judged, decision, said, alerted, to.reader),
            kind=kind,
            silent=story.severity < policy.loud_from,
            thread=policy.thread,
            whole=self._whole(story, judged, first(judged), to.reader) if told and alerted and alerted.unseen else None,
            marks=tuple(sorted(settled(known, said) if told else fresh(known, said))),
            base=alerted.base if alerted else None,
            unseen=alerted is not None and alerted.unseen,
        )

    def _text(
        self,
        story: Story,
        judged: Judged,
        decision: Decision,
        said: frozenset[Mark],
        alerted: Alerted | None,
        to: Reader,
    ) -> Text | None:
        match decision.kind:
            case Kind.NEW:
                return self._whole(story, judged, decision, to)
            case Kind.UPDATE if alerted:
                base = alerted.base or Told(alerted.severity, alerted.camps, alerted.marks)
                known = frozenset(alerted.marks)
                new = ((known | said) - frozenset(base.marks)) | fresh(known, said)
                return update(story, judged, base, new, to)
            case Kind.EDIT if alerted:
                shown = self._shown(alerted.article) or judged
                return self._whole(story, shown, first(shown), to)
        return None

    def _whole(self, story: Story, judged: Judged, decision: Decision, to: Reader) -> Text:
        """The alert, with another outlet's headline where the article's is not in the reader's language."""
        spoken = language(to.language)
        translated = not reads(to, judged.article.lang) and spoken in story.langs
        return render(story, judged, decision, to, self._headline(story, spoken) if translated else None)

    def _headline(self, story: Story, spoken: str) -> Headline | None:
        """The first headline of the story in a language: the same one whenever it is asked for."""
        key = story.id, spoken
        if key not in self._stored:
            self._stored[key] = self._store.headline(story.id, kin(spoken)) if story.id > 0 else None
        return self._stored[key] or self._heard.get(key)

    def _shown(self, article: int | None) -> Judged | None:
        """The article that the first message tells."""
        if article is not None and article not in self._read:
            self._read |= self._store.judged([article])
        return self._read.get(article) if article is not None else None

    def _remember(self, story: Story, judged: Judged, verdict: Verdict) -> None:
        key, decision, article = (story.id, verdict.chat), verdict.decision, judged.article.id
        alerted = self._alerted.get(key)
        if decision.again is not None:
            self._waiting[key] = Waiting(*key, decision.again, decision.reason, article or 0, self._now, verdict.marks)
        if decision.kind is Kind.EDIT and alerted:
            self._alerted[key] = replace(alerted, outlets=story.outlets, shown=story.severity)
        elif decision.send:
            self._waiting.pop(key, None)
            self._alerted[key] = self._told(story, article, verdict, alerted)

    def _told(self, story: Story, article: int | None, verdict: Verdict, before: Alerted | None) -> Alerted:
        state = Told(story.severity, story.camps, verdict.marks)
        fresh = Alerted(
            at=self._now,
            severity=story.severity,
            message=0,
            camps=story.camps,
            outlets=story.outlets,
            marks=verdict.marks,
            shown=story.severity,
            article=article,
            unseen=True,
        )
        if before is None:
            return replace(fresh, base=state)
        if before.unseen:
            return replace(fresh, message=before.message, own=before.own, base=before.base)
        return replace(before, at=self._now, severity=state.severity, camps=state.camps, marks=state.marks)


def by_chat(to: Iterable[Recipient]) -> Mapping[str, Recipient]:
    """The recipients by their chats."""
    return {recipient.chat: recipient for recipient in to}
