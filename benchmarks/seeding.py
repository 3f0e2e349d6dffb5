"""The content of content.py, written into each side's database by the fastest honest way."""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import Connection, create_engine, insert

from benchmarks import bare, content, yardstick
from portfolio.core.config import (
    DatabaseSettings,
    SecuritySettings,
    Settings,
    StorageSettings,
)
from portfolio.models.entities import EntityType
from portfolio.models.media import Image
from portfolio.models.posts import BlogPost
from portfolio.models.publications import Status
from portfolio.models.taxonomy import PostTag, Tag
from portfolio.models.users import User
from portfolio.wiring import build_services
from portfolio.wiring.preparation import prepare

CHUNK = 1_000
SECRET_KEY, PEPPER = "k" * 32, "p" * 32


def seed_yardstick(database: Path, posts: Iterable[content.Post]) -> None:
    engine = create_engine(f"sqlite:///{database}")
    yardstick.Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(
            insert(yardstick.Author), [_columns(yardstick.Author, row) for row in content.AUTHORS]
        )
        connection.execute(insert(yardstick.Tag), [dict(row) for row in content.TAGS])
        for chunk in content.chunks(posts, CHUNK):
            _insert_yardstick(connection, chunk)
    engine.dispose()


def seed_bare(database: Path) -> None:
    engine = create_engine(f"sqlite:///{database}")
    bare.Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(bare.Tag), [dict(row) for row in content.TAGS])
    engine.dispose()


def seed_portfolio(database: Path, posts: Iterable[content.Post]) -> None:
    """The real schema by its migrations, then rows as the services would leave them."""
    asyncio.run(_prepare(database))
    engine = create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        # Nothing is lost if seeding is cut short: the folder is thrown away.
        connection.exec_driver_sql("PRAGMA synchronous=OFF")
        connection.execute(insert(User), [{**row, "version": 1} for row in content.AUTHORS])
        connection.execute(insert(Tag), [{**row, "version": 1} for row in content.TAGS])
        for chunk in content.chunks(posts, CHUNK):
            _insert_portfolio(connection, chunk)
            connection.commit()
    engine.dispose()
    # As at any start: what is kept beside the rows (tallies, ready cards) is made for them.
    asyncio.run(_prepare(database))


async def _prepare(database: Path) -> None:
    settings = Settings(
        database=DatabaseSettings(url=f"sqlite+aiosqlite:///{database}"),
        security=SecuritySettings(
            secret_key=SecretStr(SECRET_KEY), password_pepper=SecretStr(PEPPER)
        ),
        storage=StorageSettings(data_dir=database.parent),
    )
    services = build_services(settings)
    await prepare(services)
    await services.close()


def _insert_portfolio(connection: Connection, posts: list[content.Post]) -> None:
    own = {"status": Status.PUBLISHED, "toc": [], "authors": [], "render_version": 1, "version": 1}
    connection.execute(
        insert(BlogPost),
        [
            {
                **{key: value for key, value in post.items() if key in BlogPost.__table__.columns},
                **own,
                "listed_at": post["published_at"],
            }
            for post in posts
        ],
    )
    connection.execute(
        insert(PostTag),
        [
            {"post_id": post["id"], "tag_id": tag, "position": position}
            for post in posts
            for position, tag in enumerate(post["tag_ids"])
        ],
    )
    connection.execute(
        insert(Image),
        [
            {
                **post["cover"],
                "entity_type": EntityType.POSTS,
                "entity_id": post["id"],
                "is_cover": True,
                "version": 1,
            }
            for post in posts
        ],
    )


def _insert_yardstick(connection: Connection, posts: list[content.Post]) -> None:
    rows = [
        {
            **_columns(yardstick.Post, post),
            "published_at": post["published_at"].replace(tzinfo=None),
        }
        for post in posts
    ]
    connection.execute(insert(yardstick.Post), rows)
    connection.execute(
        insert(yardstick.post_tags),
        [{"post_id": post["id"], "tag_id": tag} for post in posts for tag in post["tag_ids"]],
    )
    connection.execute(
        insert(yardstick.Image), [{"post_id": post["id"], **post["cover"]} for post in posts]
    )


def _columns(model: type[yardstick.Base], row: Mapping[str, object]) -> dict[str, object]:
    return {
        column.name: row[column.name] for column in model.__table__.columns if column.name in row
    }
