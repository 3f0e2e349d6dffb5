"""What an endpoint's signature may ask for."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Request
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.api.conditional import row_version
from portfolio.api.idempotency import remember
from portfolio.api.identity import AdminUser, Caller, CurrentUser, Editor, Viewer
from portfolio.api.query import QueryOf
from portfolio.api.route import REPEATED, unit_of_work
from portfolio.core.pagination import PageRequest
from portfolio.models.entities import EntityType
from portfolio.models.identity import Identity
from portfolio.schemas.page import ListQuery
from portfolio.services.account_mail import AccountMail
from portfolio.services.administration import Administration
from portfolio.services.api_tokens import ApiTokenService
from portfolio.services.audit import AuditService
from portfolio.services.auth import AuthService
from portfolio.services.comments import CommentService, GuestComments, ThreadService
from portfolio.services.comments.moderation import ModerationService
from portfolio.services.contact import ContactService
from portfolio.services.counts import CountService
from portfolio.services.email_addresses import EmailAddressService
from portfolio.services.erasure import ErasureService
from portfolio.services.exports import ExportService
from portfolio.services.illustrations import IllustrationService
from portfolio.services.invites import InviteService
from portfolio.services.media import MediaService
from portfolio.services.notifications.choices import MailChoices
from portfolio.services.one_time_tokens import OneTimeTokens
from portfolio.services.passwords import PasswordService
from portfolio.services.picture_files import PictureFiles
from portfolio.services.posts import PostService
from portfolio.services.profiles import ProfileService
from portfolio.services.projects import ProjectService
from portfolio.services.reactions import ReactionService
from portfolio.services.reauthentication import ReauthenticationService
from portfolio.services.redirects import RedirectService
from portfolio.services.registration import RegistrationService
from portfolio.services.resume import ResumeService
from portfolio.services.sessions import SessionService
from portfolio.services.setup import SetupService
from portfolio.services.stats import StatsService
from portfolio.services.taxonomy import SeriesService, TagService
from portfolio.services.two_factor import TwoFactorService
from portfolio.services.users import UserService
from portfolio.services.video_files import VideoFiles
from portfolio.services.videos import VideoService
from portfolio.wiring import Services

__all__ = ["AdminUser", "CurrentUser", "Editor", "EntityType", "Viewer"]


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def service(name: str) -> Callable[[Request], Any]:
    """A dependency that hands out one service."""

    async def get(request: Request) -> Any:
        return getattr(services_of(request), name)

    return get


async def read_session(request: Request) -> AsyncSession:
    """Closed with the unit of work of this request."""
    database = services_of(request).database
    reading = database.reading(public=database.replica is not None and _asks_in_public(request))
    return await unit_of_work(request).enter_async_context(reading)


def _asks_in_public(request: Request) -> bool:
    """Whether the answer is made of what strangers may see, for the first time."""
    scope = request.scope
    return (
        scope["method"] in {"GET", "HEAD"}
        and "authorization" not in request.headers
        # Links of mails and previews: what they stand for is not public, nor what became of them.
        and not any(name.endswith("token") for name in request.query_params)
        and REPEATED not in scope
    )


IdempotencyHeader = Annotated[
    str | None,
    Header(min_length=1, max_length=200, description="Makes a repeated POST count once"),
]


async def write_session(
    request: Request, caller: Caller, idempotency_key: IdempotencyHeader = None
) -> AsyncIterator[AsyncSession]:
    """The transaction of this request, committed after the answer is made and before it is sent.

    Of strangers it keeps no answers, nor reads what they send before they are refused.
    """
    async with _transaction(request, caller, idempotency_key if caller else None) as db:
        yield db


async def guest_write_session(
    request: Request, caller: Caller, idempotency_key: IdempotencyHeader = None
) -> AsyncIterator[AsyncSession]:
    """The same for what guests may do as well; they too can repeat it by its key."""
    async with _transaction(request, caller, idempotency_key) as db:
        yield db


async def anonymous_write_session(
    request: Request, idempotency_key: IdempotencyHeader = None
) -> AsyncIterator[AsyncSession]:
    """The same where nobody is asked who they are, nor turned away by a token that has expired."""
    async with _transaction(request, None, idempotency_key) as db:
        yield db


@asynccontextmanager
async def _transaction(
    request: Request, caller: Identity | None, key: str | None
) -> AsyncIterator[AsyncSession]:
    services = services_of(request)
    async with services.database.transaction() as db:
        if key and request.method == "POST":
            await remember(request, db, caller, key, services.idempotency)
        yield db


DbRead = Annotated[AsyncSession, Depends(read_session)]
DbWrite = Annotated[AsyncSession, Depends(write_session, scope="function")]
GuestDbWrite = Annotated[AsyncSession, Depends(guest_write_session, scope="function")]
AnonymousDbWrite = Annotated[AsyncSession, Depends(anonymous_write_session, scope="function")]

AuthDep = Annotated[AuthService, Depends(service("auth"))]
SessionsDep = Annotated[SessionService, Depends(service("sessions"))]
AuditDep = Annotated[AuditService, Depends(service("audit"))]
UsersDep = Annotated[UserService, Depends(service("users"))]
AdministrationDep = Annotated[Administration, Depends(service("administration"))]
ApiTokensDep = Annotated[ApiTokenService, Depends(service("api_tokens"))]
InvitesDep = Annotated[InviteService, Depends(service("invites"))]
StatsDep = Annotated[StatsService, Depends(service("stats"))]
AccountMailDep = Annotated[AccountMail, Depends(service("account_mail"))]
OneTimeTokensDep = Annotated[OneTimeTokens, Depends(service("one_time_tokens"))]
RegistrationDep = Annotated[RegistrationService, Depends(service("registration"))]
AddressesDep = Annotated[EmailAddressService, Depends(service("addresses"))]
PasswordsDep = Annotated[PasswordService, Depends(service("passwords"))]
ExportDep = Annotated[ExportService, Depends(service("exports"))]
ErasureDep = Annotated[ErasureService, Depends(service("erasure"))]
TwoFactorDep = Annotated[TwoFactorService, Depends(service("two_factor"))]
ReauthenticationDep = Annotated[ReauthenticationService, Depends(service("reauthentication"))]
SetupDep = Annotated[SetupService, Depends(service("setup"))]
PostsDep = Annotated[PostService, Depends(service("posts"))]
ProjectsDep = Annotated[ProjectService, Depends(service("projects"))]
ProfilesDep = Annotated[ProfileService, Depends(service("profiles"))]
ResumeDep = Annotated[ResumeService, Depends(service("resume"))]
TagsDep = Annotated[TagService, Depends(service("tags"))]
SeriesDep = Annotated[SeriesService, Depends(service("series"))]
MediaDep = Annotated[MediaService, Depends(service("media"))]
IllustrationsDep = Annotated[IllustrationService, Depends(service("illustrations"))]
PictureFilesDep = Annotated[PictureFiles, Depends(service("picture_files"))]
VideoFilesDep = Annotated[VideoFiles, Depends(service("video_files"))]
VideosDep = Annotated[VideoService, Depends(service("videos"))]
CommentsDep = Annotated[CommentService, Depends(service("comments"))]
ThreadsDep = Annotated[ThreadService, Depends(service("threads"))]
GuestCommentsDep = Annotated[GuestComments, Depends(service("guest_comments"))]
MailChoicesDep = Annotated[MailChoices, Depends(service("mail_choices"))]
ModerationDep = Annotated[ModerationService, Depends(service("moderation"))]
ContactDep = Annotated[ContactService, Depends(service("contact"))]
ReactionsDep = Annotated[ReactionService, Depends(service("reactions"))]
CountsDep = Annotated[CountService, Depends(service("counts"))]
RedirectsDep = Annotated[RedirectService, Depends(service("redirects"))]

RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]
Ref = Annotated[str, Path(min_length=1, max_length=200, description="An id or a slug")]


async def page_request(asked: Annotated[ListQuery, Depends(QueryOf(ListQuery))]) -> PageRequest:
    return asked.page_request()


async def if_match(
    value: Annotated[str | None, Header(alias="If-Match", max_length=1000)] = None,
) -> int | None:
    return row_version(value)


PageDep = Annotated[PageRequest, Depends(page_request)]
IfMatch = Annotated[int | None, Depends(if_match)]
