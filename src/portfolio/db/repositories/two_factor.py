from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.db.repositories.base import BaseRepository
from portfolio.models.two_factor import LoginChallenge, Method, RecoveryCode, SecondFactor
from portfolio.models.users import User


class SecondFactorRepository(BaseRepository[SecondFactor]):
    model = SecondFactor

    async def find(self, db: AsyncSession, user_id: int, method: Method) -> SecondFactor | None:
        """Confirmed or not."""
        statement = (
            select(SecondFactor)
            .where(SecondFactor.user_id == user_id, SecondFactor.method == method)
            .execution_options(populate_existing=True)
        )
        return (await db.execute(statement)).scalar_one_or_none()

    async def confirmed(self, db: AsyncSession, user_id: int) -> list[Method]:
        """Those that count."""
        statement = select(SecondFactor.method).where(
            SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None)
        )
        return list((await db.execute(statement)).scalars())

    async def advance(self, db: AsyncSession, factor_id: int, step: int, secret: str) -> bool:
        """Take a time step for used, and all before it; False where it was. Renews the seal."""
        statement = (
            update(SecondFactor)
            .where(
                SecondFactor.id == factor_id,
                SecondFactor.confirmed_at.is_not(None),
                func.coalesce(SecondFactor.last_step, -1) < step,
            )
            .values(last_step=step, secret=secret)
            .returning(SecondFactor.id)
            .execution_options(synchronize_session=False)
        )
        return (await db.execute(statement)).scalar_one_or_none() is not None

    async def remove(
        self, db: AsyncSession, user_id: int, methods: Iterable[Method] = Method
    ) -> None:
        await db.execute(
            delete(SecondFactor)
            .where(SecondFactor.user_id == user_id, SecondFactor.method.in_(list(methods)))
            .execution_options(synchronize_session=False)
        )


class RecoveryCodeRepository:
    async def replace(self, db: AsyncSession, user_id: int, digests: Iterable[str]) -> None:
        """From now on these are the codes of the account, and no others."""
        await db.execute(
            delete(RecoveryCode)
            .where(RecoveryCode.user_id == user_id)
            .execution_options(synchronize_session=False)
        )
        db.add_all([RecoveryCode(user_id=user_id, digest=digest) for digest in digests])
        await db.flush()

    async def left(self, db: AsyncSession, user_id: int) -> int:
        """How many were not used yet."""
        statement = select(func.count(RecoveryCode.id)).where(
            RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
        )
        return (await db.execute(statement)).scalar_one()

    async def consume(self, db: AsyncSession, user_id: int, digest: str, now: datetime) -> bool:
        """Use it up: True for exactly one of all who try."""
        statement = (
            update(RecoveryCode)
            .where(
                RecoveryCode.user_id == user_id,
                RecoveryCode.digest == digest,
                RecoveryCode.used_at.is_(None),
            )
            .values(used_at=now)
            .returning(RecoveryCode.id)
            .execution_options(synchronize_session=False)
        )
        return (await db.execute(statement)).scalar_one_or_none() is not None


class ChallengeRepository(BaseRepository[LoginChallenge]):
    model = LoginChallenge

    async def living(
        self, db: AsyncSession, digest: str, now: datetime
    ) -> tuple[LoginChallenge, User] | None:
        """A challenge that can still be met, as it is now, and its active account."""
        statement = (
            select(LoginChallenge, User)
            .join(User, User.id == LoginChallenge.user_id)
            .where(
                LoginChallenge.digest == digest,
                LoginChallenge.used_at.is_(None),
                LoginChallenge.expires_at > now,
                User.is_active,
            )
            .execution_options(populate_existing=True)
        )
        row = (await db.execute(statement)).one_or_none()
        return (row[0], row[1]) if row else None

    async def consume(self, db: AsyncSession, challenge_id: int, now: datetime) -> bool:
        """Use it up: True for exactly one of all who try."""
        statement = (
            update(LoginChallenge)
            .where(LoginChallenge.id == challenge_id, LoginChallenge.used_at.is_(None))
            .values(used_at=now)
            .returning(LoginChallenge.id)
            .execution_options(synchronize_session=False)
        )
        return (await db.execute(statement)).scalar_one_or_none() is not None

    async def put_code(self, db: AsyncSession, challenge_id: int, digest: str) -> None:
        """The code that was sent last; the one before is dead."""
        await db.execute(
            update(LoginChallenge)
            .where(LoginChallenge.id == challenge_id)
            .values(code_digest=digest, code_failures=0)
            .execution_options(synchronize_session=False)
        )

    async def use_code(self, db: AsyncSession, challenge_id: int, digest: str, most: int) -> bool:
        """Use the code up: True for exactly one, and only before `most` wrong tries."""
        statement = (
            update(LoginChallenge)
            .where(
                LoginChallenge.id == challenge_id,
                LoginChallenge.code_digest == digest,
                LoginChallenge.code_failures < most,
            )
            .values(code_digest=None)
            .returning(LoginChallenge.id)
            .execution_options(synchronize_session=False)
        )
        return (await db.execute(statement)).scalar_one_or_none() is not None

    async def miss_code(self, db: AsyncSession, challenge_id: int) -> None:
        await db.execute(
            update(LoginChallenge)
            .where(LoginChallenge.id == challenge_id)
            .values(code_failures=LoginChallenge.code_failures + 1)
            .execution_options(synchronize_session=False)
        )

    async def discard(self, db: AsyncSession, user_id: int) -> None:
        """No login of this account that is half done can be completed."""
        await db.execute(
            delete(LoginChallenge)
            .where(LoginChallenge.user_id == user_id)
            .execution_options(synchronize_session=False)
        )

    async def forget_expired(self, db: AsyncSession, before: datetime) -> None:
        await db.execute(
            delete(LoginChallenge)
            .where(LoginChallenge.expires_at < before)
            .execution_options(synchronize_session=False)
        )
