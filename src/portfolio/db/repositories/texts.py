"""Markdown of publications and profiles, and the HTML that is made of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from portfolio.core.cache_tags import one
from portfolio.db.repositories.entities import EntityRepository
from portfolio.db.repositories.ready_cards import mark_stale
from portfolio.models.entities import EntityType
from portfolio.models.posts import BlogPost
from portfolio.models.profiles import Profile
from portfolio.models.projects import Project


@dataclass(frozen=True, slots=True)
class Text:
    """`picture`: the address of one that belongs to the text without standing in it."""

    kind: EntityType
    row_id: int
    version: int
    markdown: str
    html: str
    picture: str | None


Columns = tuple[InstrumentedAttribute[Any], ...]
# Where the Markdown is, its HTML, and the picture.
_COLUMNS: Mapping[EntityType, Columns] = {
    EntityType.POSTS: (BlogPost.body_markdown, BlogPost.html, BlogPost.seo_image),
    EntityType.PROJECTS: (Project.body_markdown, Project.html, Project.seo_image),
    EntityType.PROFILES: (Profile.summary_markdown, Profile.summary_html, Profile.image_url),
}


class TextRepository:
    async def read(self, db: AsyncSession, kind: EntityType, row_id: int) -> Text | None:
        model = EntityRepository.models[kind]
        found = select(model.version, *_COLUMNS[kind]).where(model.id == row_id)
        row = (await db.execute(found)).one_or_none()
        if row is None:
            return None
        version, markdown, html, picture = row
        return Text(kind, row_id, version, markdown or "", html or "", picture)

    async def outdated(
        self, db: AsyncSession, version: int, limit: int
    ) -> list[tuple[EntityType, int]]:
        """Publications that were rendered by former rules, the newest first."""
        for kind, model in EntityRepository.publications.items():
            outdated = select(model.id).where(model.render_version != version)
            ids = await db.scalars(outdated.order_by(model.id.desc()).limit(limit))
            if found := [(kind, row_id) for row_id in ids]:
                return found
        return []

    async def hold(self, db: AsyncSession, text: Text) -> bool:
        """Let nobody change it until the transaction ends; False if it has another version by now."""
        model = EntityRepository.models[text.kind]
        held = (
            select(model.version)
            .where(model.id == text.row_id)
            .with_for_update(key_share=True)
            .with_hint(model, "WITH (UPDLOCK, ROWLOCK)", "mssql")
        )
        return await db.scalar(held) == text.version

    async def rewrite(
        self, db: AsyncSession, text: Text, html: str, columns: Mapping[str, Any]
    ) -> None:
        """Another HTML of the same text: no change of its own, so version and date stay."""
        model = EntityRepository.models[text.kind]
        _, html_column, _ = _COLUMNS[text.kind]
        rest = columns if text.kind in EntityRepository.publications else {}
        statement = (
            update(model)
            .where(model.id == text.row_id)
            .values({html_column.key: html or None if model is Profile else html, **rest})
            .execution_options(
                cache_tags=(text.kind, one(text.kind.noun, text.row_id)),
                synchronize_session=False,
            )
        )
        await db.execute(statement)
        if rest:
            mark_stale(db, text.kind, [text.row_id])
