"""What holds the audit trail together: MACs that nobody can compute who has only the database.

They are made of canonical JSON, so that every database gives back what was signed.
"""

import json
from typing import Any

from portfolio.core.security import Derivation
from portfolio.models.audit import AuditEntry, AuditOrigin, AuditSeal

START = ""  # what stands before the first seal


class AuditProofs:
    """HMAC-SHA256 under keys derived from the signing keys: the first signs, all of them verify."""

    def __init__(self, keys: list[str]) -> None:
        self._keys = [Derivation(key, "portfolio audit") for key in keys]

    def sign(self, text: str) -> str:
        return self._keys[0].of(text)

    def verify(self, text: str, digest: str) -> bool:
        return any(key.of(text) == digest for key in self._keys)


def origin_text(entry: AuditEntry, origin: AuditOrigin) -> str:
    return _canonical("origin", entry.request_id, origin.address, origin.agent, origin.salt)


def entry_text(entry: AuditEntry) -> str:
    """Everything but the number, which the database gives later; the seal has that."""
    return _canonical(
        "entry",
        entry.action,
        entry.actor_id,
        entry.target_type,
        entry.target_id,
        entry.request_id,
        entry.changes,
        entry.created_at.isoformat(),
        entry.origin_digest,
    )


def seal_text(previous: str, seal: AuditSeal, entry_digest: str) -> str:
    return _canonical("seal", previous, seal.sequence, seal.entry_id, entry_digest)


def _canonical(*parts: Any) -> str:
    return json.dumps(parts, sort_keys=True, separators=(",", ":"))
