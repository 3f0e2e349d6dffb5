"""What is said about posts and projects."""

from dataclasses import dataclass

from portfolio.core.security import Derivation
from portfolio.db.repositories.comments import CommentRepository
from portfolio.db.repositories.entities import EntityRepository
from portfolio.db.repositories.moderation import ModerationRepository
from portfolio.db.repositories.reactions import ReactionRepository
from portfolio.db.repositories.threads import ThreadRepository
from portfolio.services.comments import CommentService, GuestComments, ThreadService
from portfolio.services.comments.guests import ConfirmationTokens
from portfolio.services.comments.moderation import ModerationService
from portfolio.services.comments.renewal import RENEW_COMMENTS, CommentRenewal
from portfolio.services.comments.screening import CommentScreening
from portfolio.services.comments.states import CommentStates
from portfolio.services.comments.views import CommentViews
from portfolio.services.notifications import CommentNotifications
from portfolio.services.spam import SpamFilter
from portfolio.wiring.accounts import Accounts
from portfolio.wiring.foundation import Foundation


@dataclass(frozen=True, kw_only=True)
class Comments:
    comments: CommentService
    threads: ThreadService
    guests: GuestComments
    moderation: ModerationService
    renewal: CommentRenewal


def build_comments(
    base: Foundation, accounts: Accounts, notifications: CommentNotifications, spam: SpamFilter
) -> Comments:
    """Registers what is rendered again, forgotten, and erased with an account."""
    settings, rows, reactions = base.settings.comments, CommentRepository(), ReactionRepository()
    thread_rows = ThreadRepository()
    views = CommentViews(thread_rows, reactions, settings)
    states = CommentStates(rows, reactions, views, base.live, notifications)
    screening = CommentScreening(rows, spam, settings)
    threads = ThreadService(rows, thread_rows, views)
    guests = GuestComments(
        base.database,
        rows,
        states,
        screening,
        notifications,
        ConfirmationTokens(base.keys, base.settings.server.address),
        confirms=base.settings.mail.configured,
    )
    moderation = ModerationService(
        rows,
        ModerationRepository(),
        EntityRepository(),
        reactions,
        views,
        states,
        spam,
        base.audit,
        Derivation(base.keys[0], "reports"),
    )
    comments = CommentService(
        rows, threads, views, states, screening, guests, moderation, base.audit, settings
    )
    renewal = CommentRenewal(base.database, rows, base.jobs)
    accounts.erasure.first(comments.erase)
    base.outbox.register(RENEW_COMMENTS, renewal)
    base.periodic.every(3600, "comments.forget", guests.forget)
    return Comments(
        comments=comments,
        threads=threads,
        guests=guests,
        moderation=moderation,
        renewal=renewal,
    )
