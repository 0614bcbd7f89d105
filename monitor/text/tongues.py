"""Languages that are one for whoever reads them. Reads no text."""

KIN = {"sr": "sh", "bs": "sh", "hr": "sh", "cnr": "sh"}
"""Languages whose texts are as near to each other as those of one language."""


def language(tag: str) -> str:
    """The language that counts, of a BCP 47 tag: sr-Cyrl and hr are one."""
    primary = tag.partition("-")[0].lower()
    return KIN.get(primary, primary)


def kin(tag: str) -> tuple[str, ...]:
    """The primary tags of all languages that are one with the tag's, as `language` says."""
    wanted = language(tag)
    return tuple(name for name, known in KIN.items() if known == wanted) or (wanted,)


def tagged(tag: str, wanted: str) -> bool:
    """Whether a BCP 47 tag is the wanted one or a narrower one: sr-Cyrl is sr."""
    tag, wanted = tag.casefold(), wanted.casefold()
    return tag == wanted or tag.startswith(f"{wanted}-")
