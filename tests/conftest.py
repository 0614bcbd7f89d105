"""What all tests share: the databases."""

from databases import postgres, url

__all__ = ["postgres", "url"]
