"""The one registry of what others can be attached to: pictures now, comments and reactions too."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy import Select, case, select
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core import cache_tags
from portfolio.core.clock import utc_now
from portfolio.core.errors import NotFoundException
from portfolio.core.refs import parse_ref
from portfolio.core.text import fold
from portfolio.db.repositories.visibility import ALL, SCOPES, public, visible_to
from portfolio.models.entities import EntityType
from portfolio.models.posts import BlogPost
from portfolio.models.profiles import Profile
from portfolio.models.projects import Project
from portfolio.models.publications import Publishable
from portfolio.models.users import Role, User


def held(statement: Select[Any], model: type[Publishable | Profile]) -> Select[Any]:
    """Lock the rows of `model` that it finds: they stay, and nobody else changes them."""
    return statement.with_for_update(key_share=True).with_hint(
        model, "WITH (UPDLOCK, ROWLOCK)", "mssql"
    )


class EntityRepository:
    publications: ClassVar[Mapping[EntityType, type[Publishable]]] = {
        EntityType.POSTS: BlogPost,
        EntityType.PROJECTS: Project,
    }
    models: ClassVar[Mapping[EntityType, type[Publishable | Profile]]] = {
        **publications,
        EntityType.PROFILES: Profile,
    }

    async def find(
        self, db: AsyncSession, kind: EntityType, ref: int | str, viewer: User | None
    ) -> int:
        """The id of what has this id, slug or user name.

        Raises NotFoundException, also for what `viewer` may not see.
        """
        statement = self._visible(
            kind, parse_ref(ref) if isinstance(ref, str) else ref, visible_to(viewer)
        )
        found: int | None = await db.scalar(statement, {"now": utc_now()})
        if found is None:
            raise NotFoundException
        cache_tags.note(cache_tags.one(kind.noun, found))
        if kind is EntityType.PROFILES:
            # Whether it is shown depends on its account.
            cache_tags.note(kind)
        return found

    async def find_held(
        self, db: AsyncSession, kind: EntityType, ref: int | str, viewer: User | None
    ) -> tuple[int, bool]:
        """As find() of a post or project, and hold(): its id, and whether strangers may see it."""
        model = self.publications[kind]
        statement = self._visible(
            kind, parse_ref(ref) if isinstance(ref, str) else ref, visible_to(viewer)
        ).add_columns(case((public(model), 1), else_=0))
        found = (await db.execute(held(statement, model), {"now": utc_now()})).one_or_none()
        if found is None:
            raise NotFoundException
        return found[0], bool(found[1])

    async def is_public(self, db: AsyncSession, kind: EntityType, entity_id: int) -> bool:
        """Whether strangers may see it."""
        statement = self._visible(kind, entity_id, visible_to(None))
        return await db.scalar(statement, {"now": utc_now()}) is not None

    async def hold(self, db: AsyncSession, kind: EntityType, entity_id: int) -> None:
        """Let nobody else delete it or attach to it until this transaction ends.

        Raises NotFoundException.
        """
        model = self.models[kind]
        if await db.scalar(held(select(model.id).where(model.id == entity_id), model)) is None:
            raise NotFoundException

    def _visible(self, kind: EntityType, ref: int | str, scope: str) -> Select[Any]:
        if kind is EntityType.PROFILES:
            statement = select(Profile.id).join(User, User.id == Profile.user_id)
            if isinstance(ref, int):
                statement = statement.where(Profile.id == ref)
            else:
                statement = statement.where(User.username == fold(ref))
            # Visitors know the profiles of those who run the site.
            return statement if scope == ALL else statement.where(User.role == Role.ADMIN)
        model = self.publications[kind]
        statement = select(model.id).where(
            model.id == ref if isinstance(ref, int) else model.slug == ref
        )
        return statement.where(SCOPES[scope](model))
