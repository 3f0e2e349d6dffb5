from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, and_, select

from portfolio.models.credentials import ApiToken
from portfolio.models.sessions import UserSession
from portfolio.models.two_factor import Method, SecondFactor
from portfolio.models.users import User

Proof = TypeVar("Proof", UserSession, ApiToken)


def owner_of(
    proof: type[Proof], *conditions: ColumnElement[bool]
) -> Select[User, Proof, datetime | None]:
    """The active account behind a proof, that proof, and since when the account has TOTP."""
    totp = and_(SecondFactor.user_id == User.id, SecondFactor.method == Method.TOTP)
    return (
        select(User, proof, SecondFactor.confirmed_at)
        .join(proof, proof.user_id == User.id)
        .outerjoin(SecondFactor, totp)
        .where(User.is_active, *conditions)
    )
