"""All that is kept about an account, table by table.

A feature that keeps something of people adds one line to PARTS.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, inspect, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.models.audit import AuditEntry, AuditOrigin
from portfolio.models.base import Base
from portfolio.models.comments import Comment
from portfolio.models.contact import ContactReply
from portfolio.models.credentials import ApiToken, OneTimeToken
from portfolio.models.entities import EntityType
from portfolio.models.history import Revision
from portfolio.models.media import Image, Video
from portfolio.models.notifications import DigestItem, MailChoice
from portfolio.models.posts import BlogPost
from portfolio.models.profiles import (
    Award,
    Certificate,
    Education,
    Experience,
    Language,
    Profile,
    Section,
    Skill,
    SocialLink,
)
from portfolio.models.projects import Project
from portfolio.models.reactions import Reaction
from portfolio.models.sessions import UserSession
from portfolio.models.two_factor import LoginChallenge, RecoveryCode, SecondFactor
from portfolio.models.users import User


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of a table, by the id of the account; `hidden` are columns that would open something."""

    model: type[Base]
    mine: Callable[[int], ColumnElement[bool]]
    hidden: frozenset[str] = field(default=frozenset())


def _profile(user_id: int) -> ColumnElement[int]:
    return select(Profile.id).where(Profile.user_id == user_id).scalar_subquery()


def _address(user_id: int) -> ColumnElement[str]:
    return select(User.email).where(User.id == user_id).scalar_subquery()


def _section(model: type[Section]) -> Part:
    return Part(model, lambda user_id: model.profile_id == _profile(user_id))


def _of_profile(model: type[Image | Video]) -> Part:
    kind = EntityType.PROFILES
    return Part(
        model,
        lambda user_id: and_(model.entity_type == kind, model.entity_id == _profile(user_id)),
    )


def _in_audit(user_id: int) -> ColumnElement[bool]:
    about = and_(AuditEntry.target_type == "user", AuditEntry.target_id == user_id)
    return or_(AuditEntry.actor_id == user_id, about)


def _by_nobody_else(user_id: int) -> ColumnElement[bool]:
    """Where an admin was who did something to the account is the admin's own business."""
    return or_(AuditEntry.actor_id == user_id, AuditEntry.actor_id.is_(None))


_CARD = frozenset({"card", "card_version"})
_DIGEST = frozenset({"digest"})
PARTS: dict[str, Part] = {
    "account": Part(User, lambda user_id: User.id == user_id, frozenset({"password_hash"})),
    "profile": Part(Profile, lambda user_id: Profile.user_id == user_id),
    "experience": _section(Experience),
    "education": _section(Education),
    "skills": _section(Skill),
    "social_links": _section(SocialLink),
    "certificates": _section(Certificate),
    "awards": _section(Award),
    "languages": _section(Language),
    "profile_images": _of_profile(Image),
    "profile_videos": _of_profile(Video),
    "posts": Part(BlogPost, lambda user_id: BlogPost.author_id == user_id, _CARD),
    "projects": Part(Project, lambda user_id: Project.author_id == user_id, _CARD),
    "reactions": Part(Reaction, lambda user_id: Reaction.user_id == user_id),
    "comments": Part(
        Comment,
        lambda user_id: Comment.author_id == user_id,
        # What the spam filter makes of it: who knew could write around it.
        frozenset({"digest", "reasons", "spam_score", "learned_as", "render_version"}),
    ),
    "answers": Part(ContactReply, lambda user_id: ContactReply.author_id == user_id),
    "revisions": Part(Revision, lambda user_id: Revision.author_id == user_id),
    "sessions": Part(
        UserSession,
        lambda user_id: UserSession.user_id == user_id,
        frozenset({"sid", "refresh_digest"}),
    ),
    "second_factors": Part(
        SecondFactor, lambda user_id: SecondFactor.user_id == user_id, frozenset({"secret"})
    ),
    "recovery_codes": Part(RecoveryCode, lambda user_id: RecoveryCode.user_id == user_id, _DIGEST),
    "login_challenges": Part(
        LoginChallenge,
        lambda user_id: LoginChallenge.user_id == user_id,
        frozenset({"digest", "code_digest"}),
    ),
    "api_tokens": Part(ApiToken, lambda user_id: ApiToken.user_id == user_id, _DIGEST),
    "links": Part(OneTimeToken, lambda user_id: OneTimeToken.user_id == user_id, _DIGEST),
    "mail_choices": Part(MailChoice, lambda user_id: MailChoice.email == _address(user_id)),
    "mail_to_come": Part(DigestItem, lambda user_id: DigestItem.email == _address(user_id)),
    "audit": Part(AuditEntry, _in_audit, frozenset({"digest", "origin_digest"})),
    "audit_origins": Part(
        AuditOrigin,
        lambda user_id: AuditOrigin.entry_id.in_(
            select(AuditEntry.id).where(_in_audit(user_id), _by_nobody_else(user_id))
        ),
        frozenset({"salt"}),
    ),
}


class ExportRepository:
    async def of(self, db: AsyncSession, user_id: int) -> dict[str, list[dict[str, Any]]]:
        """Every part by its name, its rows in the order in which they were made."""
        return {name: await _rows(db, part, user_id) for name, part in PARTS.items()}


async def _rows(db: AsyncSession, part: Part, user_id: int) -> list[dict[str, Any]]:
    mapper = inspect(part.model)
    columns = [attribute for attribute in mapper.column_attrs if attribute.key not in part.hidden]
    statement = (
        select(*[attribute.class_attribute for attribute in columns])
        .where(part.mine(user_id))
        .order_by(*mapper.primary_key)
    )
    names = [attribute.key for attribute in columns]
    return [dict(zip(names, row, strict=True)) for row in await db.execute(statement)]
