"""Who did what: written in the transaction of what was done, and shown to admins."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.clock import utc_now
from portfolio.core.context import current
from portfolio.core.events import Event, emit
from portfolio.core.logs import masked
from portfolio.core.pagination import Page, PageRequest
from portfolio.core.security import random_token
from portfolio.db.repositories.audit import AuditRepository
from portfolio.models.audit import Action, AuditEntry, AuditOrigin
from portfolio.services.audit.proofs import AuditProofs, entry_text, origin_text

log = structlog.get_logger(__name__)

LONGEST_TEXT = 500
_MAILBOX = re.compile(r"(?<![\w.+-])([\w.+-])[\w.+-]*@(?=[\w-]+(?:\.[\w-]+)+)")
_NOWHERE = "-"
_MISSING = object()
_JSON = orjson.OPT_NON_STR_KEYS

Target = tuple[str, int]


@dataclass(frozen=True, slots=True)
class AuditRecorded(Event):
    """The trail has a new entry: log it, and seal it."""

    action: Action
    actor_id: int | None
    target: Target | None


class AuditService:
    def __init__(self, entries: AuditRepository, proofs: AuditProofs) -> None:
        self._entries = entries
        self._proofs = proofs

    async def record(
        self,
        db: AsyncSession,
        action: Action,
        *,
        target: Target | None = None,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        actor_id: int | None = None,
    ) -> None:
        """Write down what this transaction does, as the doing of `actor_id` or of who is asking.

        Of `before` and `after` it keeps what differs: secrets masked, mail addresses to one letter,
        long texts cut. Where it came from is known from the context.
        """
        context = current()
        actor_id = context.actor_id if actor_id is None else actor_id
        kind, number = target or (None, None)
        now = utc_now()
        entry = AuditEntry(
            action=action.value,
            actor_id=actor_id,
            target_type=kind,
            target_id=number,
            request_id=context.request_id,
            changes=_differences(_plain(before), _plain(after)),
            created_at=now,
        )
        origin = AuditOrigin(
            address=context.client,
            agent=context.agent,
            salt=random_token(),
            created_at=now,
        )
        entry.origin_digest = self._proofs.sign(origin_text(entry, origin))
        entry.digest = self._proofs.sign(entry_text(entry))
        entry.origin = None if context.client == _NOWHERE else origin
        await self._entries.add(db, entry)
        emit(db, AuditRecorded(action, actor_id, target))

    async def page(
        self, db: AsyncSession, request: PageRequest, filters: Mapping[str, Any]
    ) -> Page[AuditEntry]:
        """Filters: actor, action, entity ("post" or "post:17"), since, until (exclusive)."""
        return await self._entries.list_of(db, request, filters)


async def log_recorded(event: AuditRecorded) -> None:
    """Subscribe this to AuditRecorded."""
    line: dict[str, Any] = {"result": "failure" if event.action.failed else "success"}
    if event.actor_id is not None:
        line["actor"] = event.actor_id
    if event.target is not None:
        line["target"] = f"{event.target[0]}:{event.target[1]}"
    (log.warning if event.action.failed else log.info)(event.action.value, **line)


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """As it comes back from JSON: what is signed must be what is stored."""
    plain: dict[str, Any] = orjson.loads(orjson.dumps(dict(values or {}), str, _JSON))
    return plain


def _differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, dict[str, Any]]:
    changed = {
        key
        for key in before.keys() | after.keys()
        if before.get(key, _MISSING) != after.get(key, _MISSING)
    }
    sides = {"before": before, "after": after}
    return {
        side: _presentable(masked({key: values[key] for key in values if key in changed}))
        for side, values in sides.items()
        if changed & values.keys()
    }


def _presentable(value: Any) -> Any:
    match value:
        case str():
            short = value if len(value) <= LONGEST_TEXT else value[:LONGEST_TEXT] + "…"
            return _MAILBOX.sub(r"\1***@", short)
        case dict():
            return {_presentable(key): _presentable(item) for key, item in value.items()}
        case list():
            return [_presentable(item) for item in value]
    return value
