"""Videos of posts, projects and profiles, and the library."""

from pathlib import Path
from typing import Annotated

from fastapi import Depends, Query

from portfolio.adapters.storage import MAX_VIDEO_BYTES, StoredFile
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
    VideoFilesDep,
    VideosDep,
    Viewer,
)
from portfolio.api.errors import errors
from portfolio.api.uploads import ALLOWANCE, Sent, Upload
from portfolio.api.v1.prefix import v1_router
from portfolio.core import webvtt
from portfolio.core.errors import (
    InsufficientStorageException,
    NotFoundException,
    PreconditionFailedException,
)
from portfolio.core.pagination import Page
from portfolio.models.media import Video
from portfolio.schemas.media import FileUpload
from portfolio.schemas.page import PageRead
from portfolio.schemas.videos import (
    Label,
    Language,
    VideoCreate,
    VideoOrder,
    VideoRead,
    VideoUpdate,
    VideoUpload,
)
from portfolio.services.video_files import StoredVideo

ABSENT = errors(NotFoundException)
CHANGE = errors(NotFoundException, PreconditionFailedException)
STORED = errors(InsufficientStorageException)
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
_form = Upload(with_file=VideoUpload, by_address=VideoCreate)
_bare = Upload(with_file=FileUpload)


# What is sent is stored before there is a transaction: it takes its time.
async def _sent_video(
    sent: Annotated[Sent[Path], Depends(_form)], files: VideoFilesDep
) -> Sent[StoredVideo]:
    return Sent(sent.data, await files.store(sent.file) if sent.file else None)


async def _sent_file(
    sent: Annotated[Sent[Path], Depends(_bare)], files: VideoFilesDep
) -> StoredVideo:
    assert sent.file is not None  # noqa: S101 - without an address there is one
    return await files.store(sent.file)


async def _sent_captions(request: StrictRequest, _user: Editor, files: VideoFilesDep) -> StoredFile:
    return await files.store_captions(webvtt.parse(await request.content(webvtt.MEDIA_TYPE)))


SentVideo = Annotated[Sent[StoredVideo], Depends(_sent_video)]
SentFile = Annotated[StoredVideo, Depends(_sent_file)]
SentCaptions = Annotated[StoredFile, Depends(_sent_captions)]


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
        max_body_size=MAX_VIDEO_BYTES + ALLOWANCE,
        name=f"create_{one}_video",
        summary=f"Attach a video to a {one}",
    )
    async def create_video(
        ref: Ref, sent: SentVideo, db: DbWrite, videos: VideosDep, user: Editor, answer: AnswerDep
    ) -> Video:
        """As a file, or by its address: any http(s) one, or the /media/ path of what is here."""
        video = await videos.create(db, (kind, ref), sent.data, sent.file, user)
        return _created(answer, video)

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


@router.post(
    "/videos",
    response_model=VideoRead,
    status_code=201,
    max_body_size=MAX_VIDEO_BYTES + ALLOWANCE,
)
async def create_video(
    sent: SentVideo, db: DbWrite, videos: VideosDep, user: Editor, answer: AnswerDep
) -> Video:
    """Into the library, as a file or by its address."""
    return _created(answer, await videos.create(db, None, sent.data, sent.file, user))


@router.get("/videos/{id}", response_model=VideoRead, responses=ABSENT)
async def get_video(
    id: RowId, db: DbRead, videos: VideosDep, viewer: Viewer, answer: AnswerDep
) -> Video:
    """One video, for whoever may see what it belongs to."""
    return answer.versioned(await videos.read(db, id, viewer))


@router.put(
    "/videos/{id}/file",
    response_model=VideoRead,
    responses=CHANGE,
    max_body_size=MAX_VIDEO_BYTES + ALLOWANCE,
)
async def replace_video_file(
    id: RowId,
    stored: SentFile,
    db: DbWrite,
    videos: VideosDep,
    user: Editor,
    if_match: IfMatch,
    answer: AnswerDep,
) -> Video:
    """Another film in its place; its former address leads to this one from now on."""
    video = await videos.replace_file(db, id, stored, uploaded_by=user.id, expected=if_match)
    return answer.versioned(video)


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
    responses=STORED | CHANGE,
    openapi_extra=_CAPTIONS,
)
async def put_captions(
    id: RowId,
    language: Language,
    captions: SentCaptions,
    db: DbWrite,
    videos: VideosDep,
    _user: Editor,
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
