"""Which countries a text is about, by the names in it. Weighs names only; does not judge what is said of them."""

from monitor.places.gazetteer import Entry, Gazetteer, countries
from monitor.places.reading import parse_gazetteer

__all__ = ["Entry", "Gazetteer", "countries", "parse_gazetteer"]
