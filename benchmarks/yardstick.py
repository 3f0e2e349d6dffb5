"""The yardstick: a blog's list and detail as the FastAPI and SQLAlchemy tutorials write them.

ORM entities, a session by `yield`, `selectinload`, a `response_model` read from attributes;
neither tuned nor crippled. Columns that the endpoints filter and sort by are indexed. It answers
with the fields of the product's contract, so that both sides carry the same load.
"""

import os
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import JSON, Column, ForeignKey, String, Table, Text, func, select
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
    avatar_url: Mapped[str | None] = mapped_column(String(500))


class Tag(Base):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(100))


class Series(Base):
    __tablename__ = "series"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(100))


class Image(Base):
    __tablename__ = "images"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), index=True)
    url: Mapped[str] = mapped_column(String(500))
    alt: Mapped[str | None] = mapped_column(String(500))
    caption: Mapped[str | None] = mapped_column(String(500))
    position: Mapped[int] = mapped_column(default=0)
    cover: Mapped[bool] = mapped_column(default=True)
    width: Mapped[int | None]
    height: Mapped[int | None]
    bytes: Mapped[int | None]
    content_type: Mapped[str | None] = mapped_column(String(100))
    placeholder: Mapped[str | None] = mapped_column(Text)
    focal_point: Mapped[dict[str, float] | None] = mapped_column(JSON(none_as_null=True))


class Post(Base):
    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(200), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    excerpt: Mapped[str] = mapped_column(String(500))
    reading_time: Mapped[int]
    status: Mapped[str] = mapped_column(String(20), default="published")
    published_at: Mapped[datetime | None] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=datetime.now)
    updated_at: Mapped[datetime] = mapped_column(default=datetime.now)
    deleted_at: Mapped[datetime | None]
    featured: Mapped[bool] = mapped_column(default=False)
    canonical_url: Mapped[str | None] = mapped_column(String(2000))
    version: Mapped[int] = mapped_column(default=1)
    comments_count: Mapped[int] = mapped_column(default=0)
    reactions_count: Mapped[int] = mapped_column(default=0)
    views_count: Mapped[int] = mapped_column(default=0)
    authors: Mapped[list[str]] = mapped_column(JSON, default=list)
    seo_title: Mapped[str | None] = mapped_column(String(300))
    seo_description: Mapped[str | None] = mapped_column(Text)
    seo_image: Mapped[str | None] = mapped_column(String(2000))
    body_markdown: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    toc: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"))

    author: Mapped[Author] = relationship()
    series: Mapped[Series | None] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=post_tags)
    images: Mapped[list[Image]] = relationship()

    @property
    def cover(self) -> Image | None:
        return next((image for image in self.images if image.cover), None)

    @property
    def counts(self) -> dict[str, int]:
        return {
            "comments": self.comments_count,
            "reactions": self.reactions_count,
            "views": self.views_count,
        }

    @property
    def seo(self) -> dict[str, str | None]:
        return {
            "title": self.seo_title,
            "description": self.seo_description,
            "image": self.seo_image,
        }


class Read(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class AuthorRead(Read):
    id: int
    username: str
    display_name: str
    avatar_url: str | None


class GroupRead(Read):
    id: int
    slug: str
    name: str


class ImageRead(Read):
    id: int
    entity_type: str = "posts"
    entity_id: int = Field(validation_alias="post_id")
    url: str
    alt: str | None
    caption: str | None
    position: int
    cover: bool
    width: int | None
    height: int | None
    bytes: int | None
    content_type: str | None
    placeholder: str | None
    focal_point: dict[str, float] | None
    variants: list[str] = []


class PostItem(Read):
    id: int
    slug: str
    title: str
    excerpt: str
    cover: ImageRead | None
    reading_time: int
    status: str
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    featured: bool
    canonical_url: str | None
    version: int
    counts: dict[str, int]
    authors: list[str]
    author: AuthorRead
    series: GroupRead | None
    tags: list[GroupRead]


class PostRead(PostItem):
    body_markdown: str
    html: str
    toc: list[dict[str, str]]
    seo: dict[str, str | None]
    images: list[ImageRead]


class PostPage(BaseModel):
    items: list[PostItem]
    total: int


async def get_db() -> AsyncIterator[AsyncSession]:
    async with SessionLocal() as session:
        yield session


Db = Annotated[AsyncSession, Depends(get_db)]
RELATED = (
    selectinload(Post.author),
    selectinload(Post.series),
    selectinload(Post.tags),
    selectinload(Post.images),
)
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
