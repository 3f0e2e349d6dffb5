"""Accounts with a second factor, and whoever steps through it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import pyotp
from sqlalchemy import or_, select
from tests.factories.users import log_in
from tests.factories.waiting_mail import mails
from time_machine import travel

from portfolio.core.clock import utc_now
from portfolio.db.session import Database
from portfolio.models.audit import AuditEntry
from portfolio.wiring import Services

TWO_FACTOR = "/api/v1/me/2fa"
TOTP, EMAIL = f"{TWO_FACTOR}/totp", f"{TWO_FACTOR}/email"
CONFIRM, RECOVERY_CODES = f"{TOTP}/confirm", f"{TWO_FACTOR}/recovery-codes"
SEND, VERIFY = "/api/v1/auth/2fa/send", "/api/v1/auth/2fa/verify"
REAUTHENTICATE = "/api/v1/me/reauthenticate"
OURS = "two_factor:", "auth:reauthentic"


@dataclass(frozen=True, slots=True)
class App:
    """An authenticator app, and the codes on paper that came with it."""

    secret: str
    recovery_codes: list[str]

    def code(self, steps: int = 0) -> str:
        """The one that it shows, or showed or will show so many steps away."""
        return pyotp.TOTP(self.secret).at(utc_now(), counter_offset=steps)

    def wrong_code(self) -> str:
        near = {self.code(steps) for steps in range(-3, 4)}
        return next(f"{number:06d}" for number in range(10) if f"{number:06d}" not in near)


async def enrol(client: httpx2.AsyncClient) -> App:
    """Its first code is used up by this."""
    secret = (await client.post(TOTP)).json()["secret"]
    code = pyotp.TOTP(secret).at(utc_now())
    confirmed = await client.post(CONFIRM, json={"code": code})
    assert confirmed.status_code == 200, confirmed.text
    return App(secret, confirmed.json()["recovery_codes"])


async def challenged(client: httpx2.AsyncClient, identifier: str = "reader") -> str:
    """The challenge that a right password gets."""
    answer = await log_in(client, identifier)
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["challenge_token"]
    return token


async def verify(
    client: httpx2.AsyncClient, challenge: str, code: str, method: str = "totp"
) -> httpx2.Response:
    body = {"challenge_token": challenge, "method": method, "code": code}
    return await client.post(VERIFY, json=body)


def later(**passed: float) -> Any:
    """Time stands still there."""
    return travel(utc_now() + timedelta(**passed), tick=False)


async def told(services: Services, template: str) -> list[dict[str, Any]]:
    """What the mails of this kind say that wait to be sent, the oldest first."""
    return [mail["content"] for mail in await mails(services) if mail["template"] == template]


async def changes(services: Services) -> list[str]:
    """What the owner heard of."""
    return [content["change"] for content in await told(services, "two_factor_changed")]


async def actions(database: Database) -> list[str]:
    """The trail that this room leaves, the oldest first."""
    async with database.reading() as db:
        rows = await db.execute(
            select(AuditEntry.action)
            .where(or_(*(AuditEntry.action.startswith(each) for each in OURS)))
            .order_by(AuditEntry.id)
        )
    return list(rows.scalars())
