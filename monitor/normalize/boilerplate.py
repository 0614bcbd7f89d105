"""Endings that every summary of a site has: where it first appeared, an invitation to read on, a mark of the cut."""

import re

# How the note of origin begins and what it says, as publishing software writes it in each language.
ORIGINS = (
    (r"The post", r"appeared first on"),
    (
        r"(?:The|This) (?:article|story|entry|post)(?!.*[.!?]\s)",
        r"(?:(?:was )?first (?:appeared|published)|appeared first)",
    ),
    (r"(?:Članak|Tekst|Post|Vest|Vijest|Objava)", r"(?:se )?(?:prvo |prvi put )?(?:pojavi|pojavlju|je objavljen)\w*"),
    (r"(?:Prispevek|Objava)", r"(?:je )?(?:bila? )?(?:najprej|prvič) (?:objavil|objavljen|pojavil)\w*"),
    (r"(?:Чланак|Текст|Вест|Објава|Пост)", r"(?:се )?(?:прво |први пут )?(?:појави|појављу|је објављен)\w*"),
    (r"(?:Објавата|Статијата|Написот)", r"(?:се |е )?(?:прво |првпат )?(?:појави|објавен)\w*"),
    (r"(?:Публикацията|Материалът|Статията|Постът)", r"(?:се появи|е публикуван\w*|за първи път|за пръв път)"),
    (r"(?:Сообщение|Запись|Статья)", r"(?:впервые )?появил(?:ась|ись|ось)"),
    (r"(?:Postimi|Artikulli|Lajmi|Shkrimi)", r"(?:u shfaq|u publikua|është publikuar|appeared first)"),
    (r"(?:Der Beitrag|Der Artikel)", r"erschien zuerst"),
    (r"(?:L['’]article|L['’]articolo)", r"(?:est apparu en premier|proviene da)"),
    (r"(?:La entrada|El artículo)", r"(?:se publicó primero|apareció primero)"),
    (r"(?:Het bericht|Το άρθρο|Articolul)", r"(?:verscheen eerst|εμφανίστηκε πρώτα|apare prima dată)"),
)
NOTES = "|".join(rf"{start}\b.{{1,400}}?\b{said}\b.{{0,200}}" for start, said in ORIGINS)
# The last sentence that could be such a note.
ORIGIN = re.compile(rf"^(.*[.!?…\])»\"”]\s|)(?:{NOTES})$")

INVITATIONS = (
    "read more", "read the full (?:story|article)", "full (?:story|article)", "continue reading", "keep reading",
    "see more", "learn more", "view more",
    "op[šs]irnije", "vi[šs]e", "detaljnije", "pro[čc]itaj(?:te)? (?:jo[šs]|vi[šs]e)", "saznaj(?:te)? vi[šs]e",
    "pro[čc]itaj(?:te)? (?:ceo|cijeli|celi) (?:tekst|[čc]lanak)", "nastavi(?:te)? (?:sa )?[čc]itanj(?:e|em|a)",
    "preberi(?:te)? ve[čc]",
    "опширније", "више", "детаљније", "прочитај(?:те)? (?:још|више|повеќе)", "наставите са читањем",
    "повеќе", "читај повеќе", "продолжи со читање", "прочети още", "виж още", "читать далее", "подробнее",
    "lexo(?:ni)? (?:më|me) (?:shumë|shume|tepër)", "lexo(?:ni)? lajmin e plotë", "më shumë", "vazhdo(?:ni)? leximin",
    "weiterlesen", "mehr lesen", "lire la suite", "en savoir plus", "leer más", "seguir leyendo", "leggi tutto",
    "continua a leggere", "lees (?:meer|verder)", "(?:διαβάστε )?περισσότερα", "devamını oku", "citește mai mult",
)  # fmt: skip
# Single words such as 'više' are an invitation only after the end of a sentence, in brackets or alone.
INVITATION = re.compile(
    rf"(?:(?<=[.!?…:\])»\"”])\s*|\s*[\[(]\s*|^)(?:{'|'.join(INVITATIONS)})\s*(?:[\])…»>→›:]|\.{{1,3}}){{0,4}}$",
    re.IGNORECASE,
)
CUT = re.compile(r"\s*(?:\[\s*(?:…|\.{2,3})\s*\]|\(\s*(?:…|\.{3})\s*\)|…|\.{3,9})$")
MOST_ENDINGS = 4


def without_boilerplate(text: str) -> str:
    """One line of text without such endings, however many follow one another."""
    for _ in range(MOST_ENDINGS):
        shorter = CUT.sub("", INVITATION.sub("", ORIGIN.sub(r"\1", text))).rstrip()
        if shorter == text:
            break
        text = shorter
    return text
