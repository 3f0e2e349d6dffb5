"""A bare FastAPI + SQLAlchemy app: one table, one list, `/health`; what P6 is held against."""

import os
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

engine = create_async_engine(
    os.environ.get("BENCHMARK_DATABASE_URL", "sqlite+aiosqlite:///bare.db")
)
SessionLocal = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


class Tag(Base):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str]
    name: Mapped[str]


class TagRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    slug: str
    name: str


async def get_db() -> AsyncIterator[AsyncSession]:
    async with SessionLocal() as session:
        yield session


Db = Annotated[AsyncSession, Depends(get_db)]
app = FastAPI()


@app.get("/health")
async def health(db: Db) -> dict[str, str]:
    await db.execute(text("select 1"))
    return {"status": "healthy"}


@app.get("/tags", response_model=list[TagRead])
async def list_tags(db: Db) -> Sequence[Tag]:
    return (await db.scalars(select(Tag).order_by(Tag.id).limit(20))).all()
