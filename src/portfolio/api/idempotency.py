"""`Idempotency-Key`: a POST that is repeated counts once and is answered alike.

The key is a row of the same transaction as what the request makes. A second request with the key
waits at the unique constraint until the first has ended, and then finds its answer.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, cast

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from portfolio.adapters.limiter import client_key
from portfolio.api.body import StrictRequest
from portfolio.api.route import IDEMPOTENCY, Replay
from portfolio.core.context import current
from portfolio.core.errors import InvalidInputException
from portfolio.models.bookkeeping import IdempotencyKey
from portfolio.models.identity import Identity
from portfolio.services.idempotency import IdempotencyService, scope_of, visitors_scope

KEPT_HEADERS = ("content-type", "location", "etag")
# Kept beside them: the addresses in this answer are signed anew each time it is given.
UNPUBLISHED = "unpublished"


@dataclass(slots=True)
class Remembered:
    """Told of the response by the Door, while the transaction is still open."""

    db: AsyncSession
    service: IdempotencyService
    claim: IdempotencyKey

    async def store(self, response: Response) -> None:
        headers = {
            name: response.headers[name] for name in KEPT_HEADERS if name in response.headers
        }
        if current().shows_unpublished:
            headers[UNPUBLISHED] = "true"
        body = bytes(response.body).decode()
        await self.service.store(self.db, self.claim, response.status_code, headers, body)


async def remember(
    request: Request,
    db: AsyncSession,
    caller: Identity | None,
    key: str,
    service: IdempotencyService,
) -> None:
    """Claim the key for this request. Raises Replay with the answer that it got before.

    Whose key it is: the caller's, or, where nobody is asked who they are, that of the client.
    """
    parts = (
        # An answer is given before anything is asked of the caller: only to those who may as much.
        caller.authority.encode() if caller else b"",
        request.method.encode(),
        request.url.path.encode(),
        await cast("StrictRequest", request).digest(),
    )
    fingerprint = hashlib.sha256(b"\0".join(parts)).hexdigest()
    scope = scope_of(caller.user.id) if caller else visitors_scope(client_key())
    claim = await service.claim(db, scope, key, fingerprint)
    if claim.status is None:
        request.scope[IDEMPOTENCY] = Remembered(db, service, claim)
        return
    if claim.fingerprint != fingerprint:
        raise InvalidInputException.of(
            "Idempotency-Key", "was used for another request; choose a new one", "key_reused"
        )
    headers: dict[str, Any] = {**(claim.headers or {}), "Idempotency-Replayed": "true"}
    current().shows_unpublished = headers.pop(UNPUBLISHED, None) is not None
    raise Replay(Response(claim.body, claim.status, headers))
