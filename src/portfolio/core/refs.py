"""What stands for a row in an address: its id or its slug, which is never a number."""

from portfolio.core.text import slugify

ID_DIGITS = 18
LONGEST_MADE = 100  # of the 120 that a slug may have: the rest is for what tells equal names apart


def parse_ref(ref: str) -> int | str:
    """A row id where it can be one, else a slug."""
    return int(ref) if ref.isascii() and ref.isdigit() and len(ref) <= ID_DIGITS else ref


def slug_of(name: str, kind: str) -> str:
    """The slug that a name gives; `kind` goes in front of what would read as an id.

    Where no letter or digit is left, such as with emoji alone, the code points are written out.
    """
    slug = slugify(name, max_length=LONGEST_MADE)
    if not slug:
        points = "-".join(f"{ord(character):x}" for character in name.strip())
        slug = points[:LONGEST_MADE].strip("-")
    return f"{kind}-{slug}" if slug.isdigit() else slug
