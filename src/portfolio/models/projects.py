from sqlalchemy import ForeignKey, Unicode
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.models.publications import Publishable
from portfolio.models.types import BIGINT, Json, ShortText


class Project(Publishable):
    __tablename__ = "projects"

    author_id: Mapped[int] = mapped_column(BIGINT, ForeignKey("users.id"), index=True)
    links: Mapped[Json]
    role: Mapped[ShortText | None]
    client: Mapped[ShortText | None]
    # ISO 8601 dates as far as they are known: 2021, 2021-06 or 2021-06-30.
    started_on: Mapped[str | None] = mapped_column(Unicode(10))
    ended_on: Mapped[str | None] = mapped_column(Unicode(10))
    position: Mapped[int] = mapped_column(default=0, index=True)
