"""Videos of posts, projects and profiles, and the library."""

from typing import Annotated

from fastapi import Depends, Query

from portfolio.api.answers import Answer, AnswerDep
from portfolio.api.body import StrictRequest
from portfolio.api.deps import (
    DbRead,
    DbWrite,
    Editor,
    EntityType,
    IfMatch,
    PageDep,
    Ref,
    RowId,
    VideosDep,
    Viewer,
)
from portfolio.api.errors import errors
from portfolio.api.v1.prefix import v1_router
from portfolio.core import webvtt
from portfolio.core.errors import NotFoundException, PreconditionFailedException
from portfolio.core.pagination import Page
from portfolio.models.media import Video
from portfolio.schemas.page import PageRead
from portfolio.schemas.videos import (
    Label,
    Language,
    VideoCreate,
    VideoOrder,
    VideoRead,
    VideoUpdate,
)

ABSENT = errors(NotFoundException)
CHANGE = errors(NotFoundException, PreconditionFailedException)
_CAPTIONS = {
    "requestBody": {
        "required": True,
        "content": {
            webvtt.MEDIA_TYPE: {
                "schema": {"type": "string", "maxLength": webvtt.MAX_BYTES},
                "example": "WEBVTT\n\n00:01.000 --> 00:04.000\nWelcome to the harbour.\n",
            }
        },
    }
}
router = v1_router("media")


async def _sent_captions(request: StrictRequest) -> str:
    return webvtt.parse(await request.content(webvtt.MEDIA_TYPE))


Captions = Annotated[str, Depends(_sent_captions)]


def _created(answer: Answer, video: Video) -> Video:
    answer.created(video)
    answer.response.headers["Location"] = answer.request.url_for("get_video", id=video.id).path
    return video


def _add_target(kind: EntityType) -> None:
    one = kind.noun

    @router.get(
        f"/{kind}/{{ref}}/videos",
        response_model=PageRead[VideoRead],
        responses=ABSENT,
        name=f"list_{one}_videos",
        summary=f"The videos of a {one}",
    )
    async def list_videos(
        ref: Ref, page: PageDep, db: DbRead, videos: VideosDep, viewer: Viewer, answer: AnswerDep
    ) -> Page[Video]:
        """By position; of what is not public for admins only."""
        return answer.page(await videos.page(db, kind, ref, page, viewer))

    @router.post(
        f"/{kind}/{{ref}}/videos",
        response_model=VideoRead,
        status_code=201,
        responses=ABSENT,
        name=f"create_{one}_video",
        summary=f"Attach a video to a {one}",
    )
    async def create_video(
        ref: Ref,
        data: VideoCreate,
        db: DbWrite,
        videos: VideosDep,
        user: Editor,
        answer: AnswerDep,
    ) -> Video:
        """By its address: any http(s) one, or the /media/ path of a file that is here already."""
        return _created(answer, await videos.create(db, kind, ref, data, user))

    @router.put(
        f"/{kind}/{{ref}}/videos/order",
        response_model=PageRead[VideoRead],
        responses=ABSENT,
        name=f"order_{one}_videos",
        summary=f"Put the videos of a {one} into a new order",
    )
    async def order_videos(
        ref: Ref, data: VideoOrder, db: DbWrite, videos: VideosDep, user: Editor
    ) -> Page[Video]:
        """All of them are named."""
        return await videos.reorder(db, kind, ref, data.ids, user)


for _kind in EntityType:
    _add_target(_kind)


@router.get("/videos", response_model=PageRead[VideoRead])
async def list_videos(
    page: PageDep, db: DbRead, videos: VideosDep, _user: Editor, answer: AnswerDep
) -> Page[Video]:
    """The library: videos that belong to nothing yet, the newest first."""
    return answer.page(await videos.library(db, page))


@router.post("/videos", response_model=VideoRead, status_code=201)
async def create_video(
    data: VideoCreate, db: DbWrite, videos: VideosDep, _user: Editor, answer: AnswerDep
) -> Video:
    """Into the library."""
    return _created(answer, await videos.create_in_library(db, data))


@router.get("/videos/{id}", response_model=VideoRead, responses=ABSENT)
async def get_video(
    id: RowId, db: DbRead, videos: VideosDep, viewer: Viewer, answer: AnswerDep
) -> Video:
    """One video, for whoever may see what it belongs to."""
    return answer.versioned(await videos.read(db, id, viewer))


@router.patch("/videos/{id}", response_model=VideoRead, responses=CHANGE)
async def update_video(
    id: RowId,
    changes: VideoUpdate,
    db: DbWrite,
    videos: VideosDep,
    _user: Editor,
    if_match: IfMatch,
    answer: AnswerDep,
) -> Video:
    """Change its title, poster, duration or place."""
    return answer.versioned(await videos.update(db, id, changes, if_match))


@router.delete("/videos/{id}", status_code=204, responses=CHANGE)
async def delete_video(
    id: RowId, db: DbWrite, videos: VideosDep, _user: Editor, if_match: IfMatch
) -> None:
    """For good, with its files if nothing else shows those."""
    await videos.delete(db, id, if_match)


@router.put(
    "/videos/{id}/captions/{language}",
    response_model=VideoRead,
    responses=CHANGE,
    openapi_extra=_CAPTIONS,
)
async def put_captions(
    id: RowId,
    language: Language,
    db: DbWrite,
    videos: VideosDep,
    _user: Editor,
    captions: Captions,
    if_match: IfMatch,
    answer: AnswerDep,
    label: Annotated[
        Label | None, Query(description="How the language calls itself; else as it was, or its tag")
    ] = None,
) -> Video:
    """Put captions in a language (WebVTT, at most 1 MiB) in the place of those that were there."""
    return answer.versioned(await videos.caption(db, id, language, captions, label, if_match))


@router.delete("/videos/{id}/captions/{language}", status_code=204, responses=CHANGE)
async def delete_captions(
    id: RowId, language: Language, db: DbWrite, videos: VideosDep, _user: Editor, if_match: IfMatch
) -> None:
    """With their file if nothing else shows that."""
    await videos.remove_caption(db, id, language, if_match)
