"""The open stories, kept ready for search: candidates by one matrix product, the best of them by likeness."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from monitor.cluster.evidence import LIFETIME, SILENCE, Facts, facts, likeness, required
from monitor.cluster.terms import terms
from monitor.domain import Judged, Story
from monitor.text import language

CANDIDATES = 12
"""Stories whose likeness is worked out: those with the greatest mean cosine."""
ROOM = 64
SECOND = timedelta(seconds=1)


class Open:
    """Stories by index: in the order in which they were given and added, which stays.

    Not safe for two threads at a time.
    """

    def __init__(self, stories: Iterable[Story] = ()) -> None:
        self._stories: list[Story] = []
        self._facts: list[Facts | None] = []
        self._means: npt.NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self._times: npt.NDArray[np.float64] = np.zeros((2, 0))
        for story in stories:
            self.add(story)

    def __len__(self) -> int:
        return len(self._stories)

    def __getitem__(self, index: int) -> Story:
        return self._stories[index]

    @property
    def stories(self) -> Sequence[Story]:
        """All of them, by index."""
        return self._stories

    def add(self, story: Story) -> int:
        """Take one more story; returns its index."""
        index = len(self._stories)
        if index == self._times.shape[1]:
            self._grow(len(story.centroid))
        self._stories.append(story)
        self._facts.append(None)
        self.replace(index, story)
        return index

    def replace(self, index: int, story: Story) -> None:
        """Put what a story has become in its place."""
        self._stories[index] = story
        self._facts[index] = None
        self._means[index] = story.centroid * np.float32(story.cohesion)
        self._times[:, index] = story.updated.timestamp(), story.opened.timestamp()

    def find(self, judged: Judged, beyond: float = 0.0) -> int | None:
        """The index of the story that tells the same event as the article, or None.

        `beyond` is how much more than `required` must speak for it.

        Of several that fit, the likeliest is taken, the first on a tie. Articles may come in any order: one from before
        the story counts as far away as one from after it.
        """
        rows = self._near(judged)
        if not len(rows):
            return None
        cosines = self._cosines(judged, rows)
        if len(rows) > CANDIDATES:
            best = np.sort(np.argpartition(-cosines, CANDIDATES)[:CANDIDATES])
        else:
            best = np.arange(len(rows))
        article = judged.article
        told = facts(terms(judged), judged.score.countries, (language(article.lang),))
        found, most = None, required(len(rows)) + beyond
        for place in best:
            index = int(rows[place])
            story = self._stories[index]
            value = likeness(told, self._known(index), float(cosines[place]), article.published - story.updated)
            if value > most or (found is None and value == most):
                found, most = index, value
        return found

    def _cosines(self, judged: Judged, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """The mean cosine to each story of `rows`: one matrix product."""
        few = len(rows) < len(self) / 2
        means = self._means[rows] if few else self._means[: len(self)]
        # Not `@`: BLAS shares so small a product out to threads, which costs 15 ms instead of 0.4 on a busy machine.
        cosines: npt.NDArray[np.float32] = np.einsum("ij,j->i", means, judged.embedding)
        return cosines if few else cosines[rows]

    def _near(self, judged: Judged) -> npt.NDArray[np.intp]:
        """The indices of the stories that are still open at the article's time."""
        apart = np.abs(self._times[:, : len(self)] - judged.article.published.timestamp())
        limits = np.array([[SILENCE / SECOND], [LIFETIME / SECOND]])
        return np.flatnonzero((apart <= limits).all(axis=0))

    def _known(self, index: int) -> Facts:
        known = self._facts[index]
        if known is None:
            story = self._stories[index]
            known = self._facts[index] = facts(story.terms, story.countries, story.langs)
        return known

    def _grow(self, width: int) -> None:
        room = max(ROOM, 2 * self._times.shape[1])
        means, times = np.zeros((room, width), np.float32), np.zeros((2, room))
        if len(self):
            means[: len(self)] = self._means[: len(self)]
            times[:, : len(self)] = self._times[:, : len(self)]
        self._means, self._times = means, times
