"""Which words of an article moved the classifier, asked of the classifier itself in one pass."""

from monitor.domain import Article, Model
from monitor.explain import Explanation, explained, without, words


def explain(classifier: Model, article: Article) -> Explanation:
    """What each word of the article does to its relevance; one call of the classifier with a text a word."""
    title, summary = article.title, article.summary
    tried, _ = words(title, summary)
    texts = [(title, summary), *(without(title, summary, word) for word in tried)]
    whole, *parts = (found.relevance for found in classifier.classify(texts))
    return explained(title, summary, whole, parts)
