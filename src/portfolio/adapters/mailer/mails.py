"""Every mail that is sent: its subject, and what it has to be told.

The text of each stands in templates/ under the name of its class in snake case. Callers hand over
tokens and never links: those are made here, of addresses in the settings alone.
"""

import re
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


class Mail(BaseModel):
    """`subject` may name {site}. A mail with `expires_at` is not sent after that moment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: ClassVar[str]
    path: ClassVar[str] = ""  # of its link, below the account URL

    expires_at: AwareDatetime | None = None

    @classmethod
    def template(cls) -> str:
        return _CAPITAL.sub("_", cls.__name__).lower()


class PlainMail(Mail):
    """Plain text alone: whatever people write in it can be nothing but words.

    Fields named in `prose` keep their lines. `subject` may name any field of one line.
    """

    prose: ClassVar[frozenset[str]] = frozenset()


class LinkMail(Mail):
    """Has a link that works once, until `expires_at`."""

    token: str
    expires_at: AwareDatetime


class VerifyEmail(LinkMail):
    """Nothing a stranger chose stands in it: anybody can have it sent to anybody."""

    subject = "Confirm your e-mail address for {site}"
    path = "/verify-email"


class AlreadyRegistered(Mail):
    """To the owner of an address with which somebody registered again."""

    subject = "You already have an account at {site}"
    name: str


class ResetPassword(LinkMail):
    subject = "Choose a new password for {site}"
    path = "/reset-password"
    name: str


class PasswordChanged(Mail):
    subject = "Your password for {site} was changed"
    name: str
    at: AwareDatetime


class ConfirmEmail(LinkMail):
    """To the new address, before it takes the place of the old one; as neutral as VerifyEmail."""

    subject = "Confirm your new e-mail address for {site}"
    path = "/confirm-email"


class EmailChanged(Mail):
    """To the old address and to the new one."""

    subject = "Your e-mail address for {site} was changed"
    name: str
    old: str
    new: str
    at: AwareDatetime


class UnlockAccount(LinkMail):
    subject = "Sign-in to your account at {site} is paused"
    path = "/unlock"
    name: str


class NewDevice(Mail):
    """`device`: such as "Firefox on Linux"; `client`: its network address."""

    subject = "New sign-in to your account at {site}"
    name: str
    device: str
    client: str
    at: AwareDatetime


class TwoFactorChange(StrEnum):
    TOTP_ON = "totp_on"
    TOTP_OFF = "totp_off"
    EMAIL_ON = "email_on"
    EMAIL_OFF = "email_off"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed"
    RECOVERY_CODE_USED = "recovery_code_used"


class TwoFactorChanged(Mail):
    subject = "Two-factor sign-in at {site} was changed"
    name: str
    change: TwoFactorChange
    at: AwareDatetime


class TwoFactorCode(Mail):
    subject = "Your sign-in code for {site}"
    name: str
    code: str
    expires_at: AwareDatetime


class TwoFactorBlocked(Mail):
    """Too many wrong codes; `until`: when codes are taken again."""

    subject = "Too many wrong sign-in codes at {site}"
    name: str
    until: AwareDatetime
    at: AwareDatetime


class SessionsRevoked(Mail):
    """A refresh token that had been used came again."""

    subject = "You were signed out of {site}, to be safe"
    name: str
    device: str
    client: str
    at: AwareDatetime


class Invitation(LinkMail):
    subject = "You are invited to {site}"
    path = "/accept-invite"
    inviter: str


class ListMail(Mail):
    """One of many, which whoever has `token` can end (RFC 8058)."""

    token: str


class Quote(BaseModel):
    """A comment: `author` and `lines` are words by others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    comment_id: int
    author: str
    lines: tuple[str, ...]
    occasion: Literal["moderation", "comment", "reply"]


class Thread(BaseModel):
    """A post or project, by `kind`, and what was said about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["posts", "projects"]
    slug: str
    title: str
    quotes: tuple[Quote, ...]


class CommentMail(ListMail):
    """`name`: of who gets it. `thread` holds one comment."""

    name: str
    thread: Thread


class CommentWaits(CommentMail):
    subject = "A comment on {thread[title]} waits for you"
    reasons: tuple[str, ...]


class NewComment(CommentMail):
    subject = "New comment on {thread[title]}"


class NewReply(CommentMail):
    subject = "An answer to your comment on {thread[title]}"


class CommentDigest(ListMail):
    """`more`: how many comments it had no room for."""

    subject = "New comments at {site}"
    threads: tuple[Thread, ...]
    more: int


class ConfirmComment(LinkMail):
    """To a guest; as neutral as VerifyEmail."""

    subject = "Confirm your comment at {site}"
    path = "/confirm-comment"


class ContactReceived(PlainMail):
    """To the owner: what somebody wrote by the contact form."""

    subject = "{topic} (message from {name})"
    prose = frozenset({"message"})
    name: str
    email: str
    topic: str
    message: str


class ContactReceipt(Mail):
    """As neutral as VerifyEmail: nobody sends words to others by our hand."""

    subject = "Your message to {site} has arrived"


class ContactReplied(PlainMail):
    """To who wrote by the contact form at `at`."""

    subject = "Re: {topic}"
    prose = frozenset({"body", "message"})
    topic: str
    body: str
    message: str
    at: AwareDatetime


class AccountDeleted(Mail):
    subject = "Your account at {site} was deleted"
    name: str
    at: AwareDatetime


class TransportTest(Mail):
    subject = "Mail from {site} works"


MAILS: dict[str, type[Mail]] = {
    kind.template(): kind
    for kind in (
        VerifyEmail,
        AlreadyRegistered,
        ResetPassword,
        PasswordChanged,
        ConfirmEmail,
        EmailChanged,
        UnlockAccount,
        NewDevice,
        TwoFactorChanged,
        TwoFactorCode,
        TwoFactorBlocked,
        SessionsRevoked,
        Invitation,
        CommentWaits,
        NewComment,
        NewReply,
        CommentDigest,
        ConfirmComment,
        ContactReceived,
        ContactReceipt,
        ContactReplied,
        AccountDeleted,
        TransportTest,
    )
}
