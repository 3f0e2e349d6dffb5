"""Every mail that is sent: its subject, and what it has to be told.

The text of each stands in templates/ under the name of its class in snake case. Callers hand over
tokens and never links: those are made here, and lead nowhere but to settings.account_url.
"""

import re
from enum import StrEnum
from typing import ClassVar

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
        AccountDeleted,
        TransportTest,
    )
}
