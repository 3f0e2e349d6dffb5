"""Comments, reactions, the contact form, and the mail about them."""

from dataclasses import dataclass

from portfolio.core.security import GuestTokens
from portfolio.db.repositories.contact import ContactMessageRepository
from portfolio.db.repositories.counts import CountRepository
from portfolio.db.repositories.entities import EntityRepository
from portfolio.db.repositories.notifications import DigestRepository, NewsRepository
from portfolio.db.repositories.reactions import ReactionRepository
from portfolio.db.repositories.spam import SpamRepository
from portfolio.db.repositories.users import UserRepository
from portfolio.services.comments import CommentService, GuestComments, ThreadService
from portfolio.services.comments.moderation import ModerationService
from portfolio.services.comments.renewal import CommentRenewal
from portfolio.services.contact import ContactService
from portfolio.services.counts import CountService
from portfolio.services.notifications import CommentNotifications
from portfolio.services.notifications.delivery import NewsDelivery
from portfolio.services.notifications.digest import DailyDigest
from portfolio.services.notifications.service import COMMENT_NOTIFICATIONS
from portfolio.services.reactions import ReactionService
from portfolio.services.spam import SpamFilter
from portfolio.wiring.accounts import Accounts
from portfolio.wiring.comments import build_comments
from portfolio.wiring.foundation import Foundation


@dataclass(frozen=True, kw_only=True)
class Engagement:
    comments: CommentService
    threads: ThreadService
    guest_comments: GuestComments
    comment_renewal: CommentRenewal
    moderation: ModerationService
    contact: ContactService
    guests: GuestTokens
    reactions: ReactionService
    counts: CountService
    notifications: CommentNotifications
    digest: DailyDigest


def build_engagement(base: Foundation, accounts: Accounts) -> Engagement:
    """Registers what is forgotten from time to time."""
    users = UserRepository()
    spam = SpamFilter(SpamRepository())
    contact = ContactService(
        base.database,
        ContactMessageRepository(),
        users,
        spam,
        accounts.mail,
        base.live,
        base.audit,
        base.limits,
        base.settings,
    )
    base.periodic.every(3600, "contact.forget", contact.forget)
    reactions = ReactionService(
        ReactionRepository(), EntityRepository(), users, base.live, base.settings.reactions.kinds
    )
    notifications, digest = _notifications(base, accounts)
    said = build_comments(base, accounts, notifications, spam)
    return Engagement(
        comments=said.comments,
        threads=said.threads,
        guest_comments=said.guests,
        comment_renewal=said.renewal,
        moderation=said.moderation,
        contact=contact,
        guests=GuestTokens(base.keys),
        reactions=reactions,
        counts=CountService(CountRepository(), reactions),
        notifications=notifications,
        digest=digest,
    )


def _notifications(
    base: Foundation, accounts: Accounts
) -> tuple[CommentNotifications, DailyDigest]:
    """Registers the job that tells people of comments, and the mail that comes once a day."""
    mail, choices, mails = accounts.mail, accounts.mail_choices, base.settings.mail.configured
    news, digests = NewsRepository(), DigestRepository()
    delivery = NewsDelivery(base.database, news, digests, choices, mail)
    digest = DailyDigest(
        base.database,
        news,
        digests,
        choices,
        mail,
        hour=base.settings.comments.digest_hour,
        mails=mails,
    )
    base.outbox.register(COMMENT_NOTIFICATIONS, delivery.deliver)
    base.periodic.every(300, "comments.digest", digest.send)
    base.periodic.every(3600, "comments.forget_digests", digest.forget)
    return CommentNotifications(base.jobs, mail, accounts.account_mail, mails=mails), digest
