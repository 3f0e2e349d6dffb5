"""The mail that waits to be sent, opened."""

import json
from typing import Any

from sqlalchemy import select

from portfolio.core.sealing import Sealer
from portfolio.db.repositories.outbox import OutboxRepository
from portfolio.models.outbox import OutboxJob
from portfolio.services.account_mail import ACCOUNT_MAIL
from portfolio.services.mail import SEND_MAIL
from portfolio.services.notifications.service import COMMENT_NOTIFICATIONS
from portfolio.services.outbox import OutboxWorker
from portfolio.wiring import Services


async def mails(services: Services) -> list[dict[str, Any]]:
    """All of them, oldest first: `template`, `to` and `content`."""
    # Which mail is sent, if any, is found out by a job of its own.
    worker = OutboxWorker(services.database, OutboxRepository())
    for topic in (ACCOUNT_MAIL, COMMENT_NOTIFICATIONS):
        worker.register(topic, services.outbox._topics[topic][0])
    await worker.run_due()
    key = services.settings.security.secret_key
    assert key is not None
    sealer = Sealer([key.get_secret_value()])
    async with services.database.reading() as db:
        waiting = select(OutboxJob).where(OutboxJob.topic == SEND_MAIL).order_by(OutboxJob.id)
        jobs = list((await db.execute(waiting)).scalars())
    assert all(job.finished_at is None for job in jobs)
    return [json.loads(sealer.open(job.payload["sealed"])) for job in jobs]


async def received(services: Services, address: str) -> list[str]:
    """The templates of what one address gets, oldest first."""
    return [mail["template"] for mail in await mails(services) if mail["to"] == address]


async def token_for(services: Services, address: str, template: str) -> str:
    """That of the newest such mail."""
    tokens = [
        mail["content"]["token"]
        for mail in await mails(services)
        if (mail["to"], mail["template"]) == (address, template)
    ]
    return str(tokens[-1])
