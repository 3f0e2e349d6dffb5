"""How people want to hear of comments, by address: guests have one too, and no account."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.errors import NotFoundException
from portfolio.core.sealing import SealBrokenError, Sealer
from portfolio.db.repositories.notifications import DigestRepository, MailChoiceRepository
from portfolio.models.notifications import Delivery


class MailChoices:
    """Addresses are expected folded."""

    def __init__(
        self, choices: MailChoiceRepository, digests: DigestRepository, sealer: Sealer
    ) -> None:
        self._choices = choices
        self._digests = digests
        self._sealer = sealer

    async def of(self, db: AsyncSession, email: str) -> Delivery:
        return (await self.of_all(db, [email]))[email]

    async def of_all(self, db: AsyncSession, emails: Collection[str]) -> dict[str, Delivery]:
        chosen = await self._choices.of(db, emails) if emails else {}
        return {email: chosen.get(email, Delivery.INSTANT) for email in emails}

    async def choose(self, db: AsyncSession, email: str, delivery: Delivery) -> Delivery:
        """From now on; off ends the daily mail that is being made up too."""
        await self._choices.put(db, email, delivery)
        if delivery is Delivery.OFF:
            await self._digests.forget_of(db, email)
        return delivery

    async def move(self, db: AsyncSession, old: str, new: str) -> None:
        """Somebody has another address; what was chosen for that before stays chosen."""
        await self._choices.move(db, old, new)
        await self._digests.move(db, old, new)

    async def forget(self, db: AsyncSession, email: str) -> None:
        await self._choices.forget(db, email)
        await self._digests.forget_of(db, email)

    def token(self, email: str) -> str:
        """Lets whoever has it choose for this address, for as long as the key is known."""
        return self._sealer.seal(email)

    def address(self, token: str) -> str:
        """Whose token() it is. Raises NotFoundException."""
        try:
            return self._sealer.open(token)
        except SealBrokenError as error:
            raise NotFoundException(
                "This link is none of ours; open it as it is in the mail"
            ) from error


def masked(email: str) -> str:
    """Enough for its owner to know it."""
    name, _, domain = email.rpartition("@")
    return f"{name[:1]}…@{domain}"
