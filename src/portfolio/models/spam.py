from sqlalchemy import Unicode
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.models.base import Base

WORD_LENGTH = 60


class SpamWord(Base):
    """In how many texts a word occurred that moderators took for spam, and in how many others.

    The empty word occurs in each: its row counts the texts.
    """

    __tablename__ = "spam_words"

    word: Mapped[str] = mapped_column(Unicode(WORD_LENGTH), primary_key=True)
    spam: Mapped[int] = mapped_column(default=0)
    ham: Mapped[int] = mapped_column(default=0)
