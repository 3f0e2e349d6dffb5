"""What all tables share."""

from typing import Any

from sqlalchemy import Connection, MetaData, event
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Mapper,
    declared_attr,
    mapped_column,
    object_session,
)

from portfolio.core.clock import utc_now
from portfolio.models.types import Moment, PrimaryKey


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Entity(Base):
    """A row with an identity. `version` rises with each change, so nobody overwrites unseen work."""

    __abstract__ = True

    id: Mapped[PrimaryKey]
    created_at: Mapped[Moment] = mapped_column(default=utc_now)
    updated_at: Mapped[Moment] = mapped_column(default=utc_now)
    version: Mapped[int]

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - declared_attr hands over the class
        return {"version_id_col": cls.version}


@event.listens_for(Entity, "before_update", propagate=True)
def _touch(_mapper: Mapper[Any], _connection: Connection, row: Entity) -> None:
    session = object_session(row)
    if session is not None and session.is_modified(row):
        row.updated_at = utc_now()
