"""Tags and series: the same five routes for each."""

from typing import Any

from portfolio.api.answers import AnswerDep
from portfolio.api.deps import (
    DbRead,
    DbWrite,
    Editor,
    IfMatch,
    PageDep,
    Ref,
    SeriesDep,
    TagsDep,
    Viewer,
)
from portfolio.api.errors import errors
from portfolio.api.route import place
from portfolio.api.v1.prefix import v1_router
from portfolio.core.errors import (
    ConflictException,
    NotFoundException,
    PreconditionFailedException,
)
from portfolio.schemas.page import PageRead
from portfolio.schemas.taxonomy import GroupCreate, GroupRead, GroupUpdate, TagUpdate

CHANGE = errors(NotFoundException, PreconditionFailedException, ConflictException)
router = v1_router()


def _add_group(path: str, one: str, many: str, service: Any, changes: type[GroupUpdate]) -> None:
    group = v1_router(many, prefix=path)

    @group.get("", response_model=PageRead[GroupRead], name=f"list_{many}")
    async def list_all(
        page: PageDep, db: DbRead, groups: service, viewer: Viewer, answer: AnswerDep
    ) -> Any:
        """All, by name, with how much is in each."""
        return answer.page(await groups.page(db, page, viewer))

    @group.post(
        "",
        response_model=GroupRead,
        status_code=201,
        responses=errors(ConflictException),
        name=f"create_{one}",
    )
    async def create(
        data: GroupCreate, db: DbWrite, groups: service, _user: Editor, answer: AnswerDep
    ) -> Any:
        """Make one."""
        return answer.created(await groups.create(db, data))

    @group.get(
        "/{ref}",
        response_model=GroupRead,
        responses=errors(NotFoundException),
        name=f"get_{one}",
    )
    async def get(ref: Ref, db: DbRead, groups: service, viewer: Viewer, answer: AnswerDep) -> Any:
        """One, by id or slug."""
        return answer.versioned(await groups.read(db, ref, viewer))

    @group.patch("/{ref}", response_model=GroupRead, responses=CHANGE, name=f"update_{one}")
    async def update(
        ref: Ref,
        data: changes,  # type: ignore[valid-type]  # the schema of this group
        db: DbWrite,
        groups: service,
        _user: Editor,
        if_match: IfMatch,
        answer: AnswerDep,
    ) -> Any:
        """Rename it; a tag can also be merged into another."""
        return answer.versioned(await groups.update(db, ref, data, if_match))

    @group.delete("/{ref}", status_code=204, responses=CHANGE, name=f"delete_{one}")
    async def delete(
        ref: Ref, db: DbWrite, groups: service, _user: Editor, if_match: IfMatch
    ) -> None:
        """Delete the group, not what is in it."""
        await groups.delete(db, ref, if_match)

    place(router, group)


_add_group("/tags", "tag", "tags", TagsDep, TagUpdate)
_add_group("/series", "series", "all_series", SeriesDep, GroupUpdate)
