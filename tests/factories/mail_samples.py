"""One of each mail that is sent."""

from datetime import UTC, datetime, timedelta
from typing import Literal

from portfolio.adapters.mailer.mails import (
    AccountDeleted,
    AlreadyRegistered,
    CommentDigest,
    CommentWaits,
    ConfirmComment,
    ConfirmEmail,
    ContactReceipt,
    ContactReceived,
    ContactReplied,
    EmailChanged,
    Invitation,
    Mail,
    NewComment,
    NewDevice,
    NewReply,
    PasswordChanged,
    Quote,
    ResetPassword,
    SessionsRevoked,
    Thread,
    TransportTest,
    TwoFactorBlocked,
    TwoFactorChange,
    TwoFactorChanged,
    TwoFactorCode,
    UnlockAccount,
    VerifyEmail,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TOKEN = "Zk3vQ-7yN1tRb0_mXw2eUa9sHd4cLp6g"
CODE = "402917"
MINUTES_15, MINUTES_30 = NOON + timedelta(minutes=15), NOON + timedelta(minutes=30)
HOURS_24, WEEK = NOON + timedelta(hours=24), NOON + timedelta(days=7)


def thread(name: str, kind: Literal["posts", "projects"] = "posts") -> Thread:
    """One comment, by `name` like all that people choose."""
    said = Quote(comment_id=5, author=name, lines=("What a text!", name), occasion="reply")
    return Thread(kind=kind, slug="hello-world", title=f"About {name}", quotes=(said,))


def samples(name: str = "Ada Lovelace") -> dict[str, Mail]:
    """Each by its template, with `name` wherever people choose what stands there."""
    kinds: list[Mail] = [
        VerifyEmail(token=TOKEN, expires_at=HOURS_24),
        AlreadyRegistered(name=name),
        ResetPassword(name=name, token=TOKEN, expires_at=MINUTES_30),
        PasswordChanged(name=name, at=NOON),
        ConfirmEmail(token=TOKEN, expires_at=HOURS_24),
        EmailChanged(name=name, old="ada@example.com", new="ada@example.org", at=NOON),
        UnlockAccount(name=name, token=TOKEN, expires_at=MINUTES_15),
        NewDevice(name=name, device=f"{name} on Linux", client="203.0.113.7", at=NOON),
        TwoFactorChanged(name=name, change=TwoFactorChange.TOTP_ON, at=NOON),
        TwoFactorCode(name=name, code=CODE, expires_at=NOON + timedelta(minutes=10)),
        TwoFactorBlocked(name=name, until=NOON + timedelta(hours=1), at=NOON),
        SessionsRevoked(name=name, device=f"{name} on Linux", client="203.0.113.7", at=NOON),
        Invitation(inviter=name, token=TOKEN, expires_at=WEEK),
        CommentWaits(token=TOKEN, name=name, thread=thread(name), reasons=("It has many links.",)),
        NewComment(token=TOKEN, name=name, thread=thread(name)),
        NewReply(token=TOKEN, name=name, thread=thread(name)),
        CommentDigest(token=TOKEN, threads=(thread(name), thread("A project", "projects")), more=3),
        ConfirmComment(token=TOKEN, expires_at=HOURS_24),
        ContactReceived(name=name, email="ada@example.com", topic=name, message=name),
        ContactReceipt(),
        ContactReplied(topic=name, body="Thank you!", message=name, at=NOON),
        AccountDeleted(name=name, at=NOON),
        TransportTest(),
    ]
    return {mail.template(): mail for mail in kinds}
