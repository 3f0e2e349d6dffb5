from datetime import datetime

from portfolio.models.credentials import Scope
from portfolio.models.users import User
from portfolio.schemas.api_tokens import ApiTokenCreate
from portfolio.wiring import Services


async def make_api_token(
    services: Services, owner: User, *scopes: Scope, expires_at: datetime | None = None
) -> str:
    """The token itself; without scopes it may read content."""
    data = ApiTokenCreate(
        name="Build", scopes=list(scopes or (Scope.CONTENT_READ,)), expires_at=expires_at
    )
    async with services.database.transaction() as db:
        return (await services.api_tokens.create(db, data, owner)).token
