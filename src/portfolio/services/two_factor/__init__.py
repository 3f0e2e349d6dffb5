"""Second factors: a strategy each, and one service that knows them all."""

from portfolio.services.two_factor.email import EmailFactor
from portfolio.services.two_factor.factors import Factor
from portfolio.services.two_factor.guard import Guard
from portfolio.services.two_factor.recovery import RecoveryCodeFactor
from portfolio.services.two_factor.service import Challenge, TwoFactorService, TwoFactorState
from portfolio.services.two_factor.totp import Enrolment, TotpFactor

__all__ = [
    "Challenge",
    "EmailFactor",
    "Enrolment",
    "Factor",
    "Guard",
    "RecoveryCodeFactor",
    "TotpFactor",
    "TwoFactorService",
    "TwoFactorState",
]
