"""Accounts: who gets in, what they may change, and what is remembered of it."""

from dataclasses import dataclass
from datetime import timedelta

from portfolio.adapters.mailer import create_mailer, sender_of
from portfolio.adapters.mailer.rendering import Renderer
from portfolio.core.sealing import Sealer
from portfolio.core.security import AccessTokens, Derivation, DeviceTokens
from portfolio.db.repositories.credentials import ApiTokenRepository, OneTimeTokenRepository
from portfolio.db.repositories.engagement import EngagementRepository
from portfolio.db.repositories.exports import ExportRepository
from portfolio.db.repositories.lockout import AttemptCounterRepository
from portfolio.db.repositories.notifications import DigestRepository, MailChoiceRepository
from portfolio.db.repositories.profiles import ProfileRepository
from portfolio.db.repositories.sessions import SessionRepository
from portfolio.db.repositories.stats import StatsRepository
from portfolio.db.repositories.two_factor import (
    ChallengeRepository,
    RecoveryCodeRepository,
    SecondFactorRepository,
)
from portfolio.db.repositories.users import UserRepository
from portfolio.services.account_mail import ACCOUNT_MAIL, AccountMail
from portfolio.services.administration import Administration
from portfolio.services.api_tokens import ApiTokenService
from portfolio.services.audit import (
    AuditService,
)
from portfolio.services.auth import AuthService
from portfolio.services.email_addresses import EmailAddressService
from portfolio.services.erasure import ErasureService
from portfolio.services.exports import ExportService
from portfolio.services.housekeeping import Housekeeping
from portfolio.services.invites import InviteService
from portfolio.services.lockout import LockoutService
from portfolio.services.mail import MAIL_RETRY, SEND_MAIL, MailService
from portfolio.services.notifications.choices import MailChoices
from portfolio.services.one_time_tokens import OneTimeTokens
from portfolio.services.password_policy import PasswordPolicy
from portfolio.services.passwords import PasswordService
from portfolio.services.reauthentication import ReauthenticationService
from portfolio.services.registration import RegistrationService
from portfolio.services.sessions import SessionService
from portfolio.services.setup import SetupService
from portfolio.services.stats import StatsService
from portfolio.services.two_factor import (
    EmailFactor,
    Guard,
    RecoveryCodeFactor,
    TotpFactor,
    TwoFactorService,
)
from portfolio.services.users import UserService
from portfolio.wiring.content import Content
from portfolio.wiring.foundation import Foundation


@dataclass(frozen=True, kw_only=True)
class Accounts:
    mail: MailService
    mail_choices: MailChoices
    auth: AuthService
    sessions: SessionService
    two_factor: TwoFactorService
    reauthentication: ReauthenticationService
    lockout: LockoutService
    api_tokens: ApiTokenService
    users: UserService
    administration: Administration
    erasure: ErasureService
    invites: InviteService
    stats: StatsService
    registration: RegistrationService
    account_mail: AccountMail
    one_time_tokens: OneTimeTokens
    addresses: EmailAddressService
    passwords: PasswordService
    exports: ExportService
    setup: SetupService


def build_accounts(base: Foundation, content: Content) -> Accounts:
    """Registers the jobs that send mail, and what is sealed and forgotten from time to time."""
    settings, database, keys = base.settings, base.database, base.keys
    address, verifies = settings.server.address, settings.mail.configured
    users, profiles, counters = UserRepository(), ProfileRepository(), AttemptCounterRepository()
    token_rows, challenges = OneTimeTokenRepository(), ChallengeRepository()
    audit = base.audit
    mail = MailService(
        base.jobs, create_mailer(settings), Renderer(settings), sender_of(settings).domain
    )
    policy = PasswordPolicy(base.hashing, settings.site.name, settings.security.password_min_length)
    user_service = UserService(users, profiles, policy, audit)
    one_time = OneTimeTokens(token_rows, users)
    lockout = LockoutService(database, counters)
    sessions = SessionService(
        SessionRepository(),
        AccessTokens(keys, address, timedelta(minutes=settings.security.access_token_minutes)),
        Derivation(keys[0], "refresh"),
        audit,
        mail,
    )
    two_factor = _two_factor(base, users, challenges, sessions, audit, mail)
    auth = AuthService(
        users,
        sessions,
        two_factor,
        lockout,
        base.hashing,
        DeviceTokens(keys, address),
        one_time,
        mail,
        audit,
        verifies_email=verifies,
    )
    account_mail = AccountMail(database, users, one_time, mail, base.jobs, audit, base.limits)
    choices = MailChoices(MailChoiceRepository(), DigestRepository(), Sealer(keys, "unsubscribing"))
    addresses = EmailAddressService(
        users, one_time, account_mail, mail, audit, choices, verifies_email=verifies
    )
    erasure = ErasureService(
        users,
        profiles,
        content.media,
        content.illustrations,
        EngagementRepository(),
        content.idempotency,
        mail,
        choices,
        audit,
    )
    registration = RegistrationService(
        users,
        user_service,
        one_time,
        account_mail,
        audit,
        settings.security.registration,
        verifies_email=verifies,
    )
    api_tokens = ApiTokenService(database, ApiTokenRepository(), users, audit)
    housekeeping = Housekeeping(database, sessions, registration, token_rows, challenges, counters)

    base.outbox.register(SEND_MAIL, mail.deliver, MAIL_RETRY)
    base.outbox.register(ACCOUNT_MAIL, account_mail.deliver, MAIL_RETRY)
    base.periodic.every(60, "api_tokens.note_uses", api_tokens.note_uses)
    base.periodic.every(3600, "accounts.forget", housekeeping.forget)

    return Accounts(
        mail=mail,
        mail_choices=choices,
        auth=auth,
        sessions=sessions,
        two_factor=two_factor,
        reauthentication=ReauthenticationService(auth, two_factor, sessions, audit),
        lockout=lockout,
        api_tokens=api_tokens,
        users=user_service,
        administration=Administration(users, sessions, lockout, two_factor, erasure, audit),
        erasure=erasure,
        invites=InviteService(users, one_time, mail, audit, settings),
        stats=StatsService(StatsRepository()),
        registration=registration,
        account_mail=account_mail,
        one_time_tokens=one_time,
        addresses=addresses,
        passwords=PasswordService(
            users,
            policy,
            one_time,
            auth,
            sessions,
            lockout,
            two_factor,
            addresses,
            mail,
            audit,
        ),
        exports=ExportService(ExportRepository(), audit),
        setup=SetupService(users, one_time, user_service, auth, address),
    )


def _two_factor(
    base: Foundation,
    users: UserRepository,
    challenges: ChallengeRepository,
    sessions: SessionService,
    audit: AuditService,
    mail: MailService,
) -> TwoFactorService:
    factors, codes = SecondFactorRepository(), Derivation(base.keys[0], "two-factor code")
    return TwoFactorService(
        users,
        factors,
        challenges,
        TotpFactor(factors, Sealer(base.keys), base.settings.site.name),
        EmailFactor(factors, challenges, codes, base.limits, mail),
        RecoveryCodeFactor(RecoveryCodeRepository(), audit, mail),
        Guard(AttemptCounterRepository(), audit, mail),
        sessions,
        audit,
        mail,
        mails=base.settings.mail.configured,
    )
