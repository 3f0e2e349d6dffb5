"""Pictures of posts, projects and profiles, and the library."""

from pathlib import Path
from typing import Annotated

from fastapi import Depends

from portfolio.adapters.imaging import MAX_IMAGE_BYTES
from portfolio.api.answers import Answer, AnswerDep
from portfolio.api.deps import (
    DbRead,
    DbWrite,
    Editor,
    EntityType,
    IfMatch,
    MediaDep,
    PageDep,
    PictureFilesDep,
    Ref,
    RowId,
    Viewer,
)
from portfolio.api.errors import errors
from portfolio.api.uploads import ALLOWANCE, Sent, Upload
from portfolio.api.v1.prefix import v1_router
from portfolio.core.errors import NotFoundException, PreconditionFailedException
from portfolio.core.pagination import Page
from portfolio.models.media import Image
from portfolio.schemas.media import (
    FileUpload,
    ImageCreate,
    ImageOrder,
    ImageRead,
    ImageUpdate,
    ImageUpload,
)
from portfolio.schemas.page import PageRead
from portfolio.services.picture_files import StoredPicture

ABSENT = errors(NotFoundException)
CHANGE = errors(NotFoundException, PreconditionFailedException)
router = v1_router("media")
_form = Upload(with_file=ImageUpload, by_address=ImageCreate)
_bare = Upload(with_file=FileUpload)


async def _sent_image(
    sent: Annotated[Sent[Path], Depends(_form)], files: PictureFilesDep
) -> Sent[StoredPicture]:
    # Before there is a transaction: rendering takes its time.
    return Sent(sent.data, await files.store(sent.file) if sent.file else None)


SentImage = Annotated[Sent[StoredPicture], Depends(_sent_image)]


async def _sent_picture(
    sent: Annotated[Sent[Path], Depends(_bare)], files: PictureFilesDep
) -> StoredPicture:
    assert sent.file is not None  # noqa: S101 - without an address there is one
    return await files.store(sent.file)


SentPicture = Annotated[StoredPicture, Depends(_sent_picture)]


def _created(answer: Answer, image: Image) -> Image:
    answer.created(image)
    answer.response.headers["Location"] = answer.request.url_for("get_image", id=image.id).path
    return image


def _add_target(kind: EntityType) -> None:
    one = kind.noun

    @router.get(
        f"/{kind}/{{ref}}/images",
        response_model=PageRead[ImageRead],
        responses=ABSENT,
        name=f"list_{one}_images",
        summary=f"The pictures of a {one}",
    )
    async def list_images(
        ref: Ref, page: PageDep, db: DbRead, media: MediaDep, viewer: Viewer, answer: AnswerDep
    ) -> Page[Image]:
        """By position; of what is not public for admins only."""
        return answer.page(await media.page(db, kind, ref, page, viewer))

    @router.post(
        f"/{kind}/{{ref}}/images",
        response_model=ImageRead,
        status_code=201,
        responses=ABSENT,
        max_body_size=MAX_IMAGE_BYTES + ALLOWANCE,
        name=f"create_{one}_image",
        summary=f"Attach a picture to a {one}",
    )
    async def create_image(
        ref: Ref, sent: SentImage, db: DbWrite, media: MediaDep, user: Editor, answer: AnswerDep
    ) -> Image:
        """As a file, or by its address: any http(s) one, or the /media/ path of what is here."""
        image = await media.create(db, (kind, ref), sent.data, sent.file, user)
        return _created(answer, image)

    @router.put(
        f"/{kind}/{{ref}}/images/order",
        response_model=PageRead[ImageRead],
        responses=ABSENT,
        name=f"order_{one}_images",
        summary=f"Put the pictures of a {one} into a new order",
    )
    async def order_images(
        ref: Ref, data: ImageOrder, db: DbWrite, media: MediaDep, user: Editor
    ) -> Page[Image]:
        """All of them are named."""
        return await media.reorder(db, kind, ref, data.ids, user)


for _kind in EntityType:
    _add_target(_kind)


@router.get("/images", response_model=PageRead[ImageRead])
async def list_images(
    page: PageDep, db: DbRead, media: MediaDep, _user: Editor, answer: AnswerDep
) -> Page[Image]:
    """The library: pictures that belong to nothing yet, the newest first."""
    return answer.page(await media.library(db, page))


@router.post(
    "/images",
    response_model=ImageRead,
    status_code=201,
    max_body_size=MAX_IMAGE_BYTES + ALLOWANCE,
)
async def create_image(
    sent: SentImage, db: DbWrite, media: MediaDep, user: Editor, answer: AnswerDep
) -> Image:
    """Into the library, as a file or by its address."""
    return _created(answer, await media.create(db, None, sent.data, sent.file, user))


@router.get("/images/{id}", response_model=ImageRead, responses=ABSENT)
async def get_image(
    id: RowId, db: DbRead, media: MediaDep, viewer: Viewer, answer: AnswerDep
) -> Image:
    """One picture, for whoever may see what it belongs to."""
    return answer.versioned(await media.read(db, id, viewer))


@router.put(
    "/images/{id}/file",
    response_model=ImageRead,
    responses=CHANGE,
    max_body_size=MAX_IMAGE_BYTES + ALLOWANCE,
)
async def replace_image_file(
    id: RowId,
    picture: SentPicture,
    db: DbWrite,
    media: MediaDep,
    user: Editor,
    if_match: IfMatch,
    answer: AnswerDep,
) -> Image:
    """Another picture in its place; its former address leads to this one from now on."""
    image = await media.replace_file(db, id, picture, uploaded_by=user.id, expected=if_match)
    return answer.versioned(image)


@router.patch("/images/{id}", response_model=ImageRead, responses=CHANGE)
async def update_image(
    id: RowId,
    changes: ImageUpdate,
    db: DbWrite,
    media: MediaDep,
    _user: Editor,
    if_match: IfMatch,
    answer: AnswerDep,
) -> Image:
    """Change what is said about it, or make it the cover."""
    return answer.versioned(await media.update(db, id, changes, if_match))


@router.delete("/images/{id}", status_code=204, responses=CHANGE)
async def delete_image(
    id: RowId, db: DbWrite, media: MediaDep, _user: Editor, if_match: IfMatch
) -> None:
    """For good, with its file if nothing else shows that."""
    await media.delete(db, id, if_match)
