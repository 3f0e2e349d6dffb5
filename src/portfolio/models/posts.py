from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.models.publications import Publishable
from portfolio.models.types import BIGINT, Json


class BlogPost(Publishable):
    """A post belongs to an account (`author_id`) and is signed with names (`authors`)."""

    __tablename__ = "blog_posts"

    author_id: Mapped[int] = mapped_column(BIGINT, ForeignKey("users.id"), index=True)
    authors: Mapped[Json]
    series_id: Mapped[int | None] = mapped_column(
        BIGINT, ForeignKey("series.id", ondelete="SET NULL"), index=True
    )
    series_position: Mapped[int | None]
