"""The yardstick: a blog's list and detail as the FastAPI and SQLAlchemy tutorials write them.

ORM entities, a session by `yield`, `selectinload`, a `response_model` read from attributes;
neither tuned nor crippled. Columns that the endpoints filter and sort by are indexed.
"""

import os
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Column, ForeignKey, String, Table, Text, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload

DATABASE_URL = os.environ.get("BENCHMARK_DATABASE_URL", "sqlite+aiosqlite:///yardstick.db")

engine = create_async_engine(DATABASE_URL)
SessionLocal = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


post_tags = Table(
    "post_tags",
    Base.metadata,
    Column("post_id", ForeignKey("posts.id"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True, index=True),
)


class Author(Base):
    __tablename__ = "authors"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(50), unique=True)
    display_name: Mapped[str] = mapped_column(String(100))


class Tag(Base):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(100))


class Image(Base):
    __tablename__ = "images"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), index=True)
    url: Mapped[str] = mapped_column(String(500))
    alt: Mapped[str] = mapped_column(String(500))
    width: Mapped[int]
    height: Mapped[int]


class Post(Base):
    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(200), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    excerpt: Mapped[str] = mapped_column(String(500))
    html: Mapped[str] = mapped_column(Text)
    reading_time: Mapped[int]
    published_at: Mapped[datetime] = mapped_column(index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))

    author: Mapped[Author] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=post_tags)
    images: Mapped[list[Image]] = relationship()


class Read(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class AuthorRead(Read):
    id: int
    username: str
    display_name: str


class TagRead(Read):
    id: int
    slug: str
    name: str


class ImageRead(Read):
    id: int
    url: str
    alt: str
    width: int
    height: int


class PostItem(Read):
    id: int
    slug: str
    title: str
    excerpt: str
    reading_time: int
    published_at: datetime
    author: AuthorRead
    tags: list[TagRead]
    images: list[ImageRead]


class PostRead(PostItem):
    html: str


class PostPage(BaseModel):
    items: list[PostItem]
    total: int


async def get_db() -> AsyncIterator[AsyncSession]:
    async with SessionLocal() as session:
        yield session


Db = Annotated[AsyncSession, Depends(get_db)]
RELATED = (selectinload(Post.author), selectinload(Post.tags), selectinload(Post.images))
app = FastAPI()


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "healthy"}


@app.get("/posts", response_model=PostPage)
async def list_posts(
    db: Db,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> dict[str, Sequence[Post] | int]:
    total = await db.scalar(select(func.count()).select_from(Post))
    statement = (
        select(Post)
        .options(*RELATED)
        .order_by(Post.published_at.desc(), Post.id.desc())
        .limit(limit)
        .offset(offset)
    )
    posts = (await db.scalars(statement)).all()
    return {"items": posts, "total": total or 0}


@app.get("/posts/{slug}", response_model=PostRead)
async def read_post(slug: str, db: Db) -> Post:
    post = await db.scalar(select(Post).options(*RELATED).where(Post.slug == slug))
    if post is None:
        raise HTTPException(404, "Post not found")
    return post
