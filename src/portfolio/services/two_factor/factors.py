"""What all second factors have in common."""

from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.models.two_factor import LoginChallenge, Method
from portfolio.models.users import User


class Factor(Protocol):
    """A way to prove, besides the password, who one is. A code works once."""

    @property
    def method(self) -> Method: ...

    async def is_ready(self, db: AsyncSession, user: User) -> bool:
        """Whether the account could use it now."""
        ...

    async def verify(
        self, db: AsyncSession, user: User, challenge: LoginChallenge | None, code: str
    ) -> bool:
        """Whether the code is right, which uses it up. Counting the failures is the caller's."""
        ...
