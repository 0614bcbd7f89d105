"""What tuning proposed carried out: written into the files or the store, logged so that it can be undone, and told."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from monitor.changes import kept
from monitor.config import Config, add_rule, follow, set_enabled, set_weight
from monitor.domain import Change, Person
from monitor.pipeline import tell_admins
from monitor.render import answers
from monitor.store import Store
from monitor.tune import Proposal

WHO = Person(0, "balkan-monitor tune")
WHERE = "terminal"


def apply(store: Store, config: Config, proposals: Sequence[Proposal], now: datetime) -> list[tuple[Change, str]]:
    """Carry the proposals out in their order; returns the changes, each with a sentence.

    A threshold is kept where `/threshold` keeps it, the others are written into the YAML. Raises InputError or
    ConfigError at the first that cannot be written; those before it hold and are logged.
    """
    config = follow(config, store.chats.moves())
    made = []
    for proposal in proposals:
        change, what = _carry_out(Path(config.folder), proposal, now)
        change, _ = store.people.write(change)
        made.append((change, what))
        tell_admins(store, config, answers.reported(change, what), now)
    return made


def _carry_out(folder: Path, proposal: Proposal, now: datetime) -> tuple[Change, str]:
    name, new = proposal.subject, proposal.new
    match proposal.kind:
        case "threshold":
            old = None if proposal.old is None else repr(float(proposal.old))
            what = f"The threshold of chat {name} is now {new:g}."
            return Change(name, WHO, now, "threshold", old, repr(float(new)), 0), what
        case "source":
            done, what = kept(set_enabled(folder, name, bool(new))), f"The feed '{name}' is disabled in sources.yaml."
        case "weight":
            done = kept(set_weight(folder, name, float(new)))
            what = f"The boost rule '{name}' of keywords.yaml now weighs {new:g}."
        case "word":
            done = kept(add_rule(folder, "boost", name, float(new)))
            what = f"Added to boost of keywords.yaml: '{name}' with the weight {new:g}."
    return Change(WHERE, WHO, now, *done, 0), what
