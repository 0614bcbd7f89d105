"""Whether what people muted in a chat holds a story back there."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from monitor.domain import Article, Decision, Judged, Mute, MuteKind, Reason, Severity, Story
from monitor.text import Matcher, words


def muted(mutes: Sequence[Mute], story: Story, judged: Judged) -> Decision | None:
    """The decision not to tell, by the first of the chat's mutes in force that holds; None if none does.

    A mute of everything, or of a story that was less then, lets a critical story through: who is left in peace still
    wants to know of that. Mutes of a keyword and of a source hold whatever comes.
    """
    held = next((mute for mute in mutes if _holds(mute, story, judged.article)), None)
    if held is None:
        return None
    what = {MuteKind.ALL: "everything", MuteKind.STORY: "the story"}.get(held.kind, f"the {held.kind} '{held.what}'")
    return Decision(False, Reason.MUTED, f"{held.by.name} muted {what}")


def hushed(mutes: Sequence[Mute], names: Iterable[str], gravest: bool) -> bool:
    """Whether a chat's mutes hold back word of something that has names but no story, such as a country's index.

    As with stories, a mute of everything lets the gravest through, and one of a keyword holds whatever it names.
    """
    texts = [words(name) for name in names]
    return any(
        (mute.kind is MuteKind.ALL and not gravest)
        or (mute.kind is MuteKind.KEYWORD and any(_matcher(mute.what).find(text) for text in texts))
        for mute in mutes
    )


def _holds(mute: Mute, story: Story, article: Article) -> bool:
    match mute.kind:
        case MuteKind.KEYWORD:
            return any(_matcher(mute.what).find(words(text)) for text in (article.title, article.summary))
        case MuteKind.SOURCE:
            return article.source == mute.what
        case MuteKind.STORY if mute.what != str(story.id):
            return False
    return story.severity < Severity.CRITICAL or mute.severity == Severity.CRITICAL


@lru_cache(64)
def _matcher(keyword: str) -> Matcher:
    return Matcher((keyword,))
