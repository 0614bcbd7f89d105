"""A daemon that watches news feeds for escalation in the Balkans and tells an analyst."""

__version__ = "0.1.0"
