from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Unicode
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.models.base import Base

WORD_LENGTH = 20
# The word that occurs in each text: its row counts them.
EVERY_TEXT = ""


class Reason(StrEnum):
    """Why something was held back or taken for spam, as kept in `reasons` columns."""

    HONEYPOT = "honeypot"
    TOO_FAST = "too_fast"
    LINKS = "links"
    REPEAT = "repeat"
    KNOWN_CLIENT = "known_client"
    WORDS = "words"
    REPORTED = "reported"

    @property
    def text(self) -> str:
        """A sentence for moderators."""
        return _SENTENCES[self]


_SENTENCES = {
    Reason.HONEYPOT: "A field was filled in that people do not see.",
    Reason.TOO_FAST: "It was sent sooner after its form was shown than people write.",
    Reason.LINKS: "It has more links than are let through.",
    Reason.REPEAT: "The same text was sent before, within a day.",
    Reason.KNOWN_CLIENT: "Something else that came from the same address is spam.",
    Reason.WORDS: "Its words are those of what moderators took for spam.",
    Reason.REPORTED: "Readers reported it.",
}


class Seen(NamedTuple):
    """In how many texts of each kind a word occurred."""

    spam: int
    ham: int


class SpamWord(Base):
    """In how many texts a word occurred that moderators took for spam, and in how many others.

    A digest of the word: databases differ on which words are equal, and what people wrote is
    nobody's to read in a table that is kept.
    """

    __tablename__ = "spam_words"

    word: Mapped[str] = mapped_column(Unicode(WORD_LENGTH), primary_key=True)
    spam: Mapped[int] = mapped_column(default=0)
    ham: Mapped[int] = mapped_column(default=0)
