"""The chain over the audit trail: sealed shortly after the commit, verified from end to end."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from portfolio.core.clock import utc_now
from portfolio.core.errors import ConflictException, RetryableException
from portfolio.db.repositories.audit import AuditRepository, Link, SealRepository
from portfolio.db.session import Database
from portfolio.models.audit import AuditEntry, AuditOrigin, AuditSeal
from portfolio.services.audit.proofs import (
    START,
    AuditProofs,
    entry_text,
    origin_text,
    seal_text,
)

BATCH = 500
# Numbers are given before the commit, so one that is lower may come after one that is sealed.
LATE = 1000
ORIGINS_KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How far the chain holds. `head` is the digest of its last seal, to be noted elsewhere.

    `unsealed` entries are too young to be in the chain; only their own digests speak for them.
    """

    proven: int = 0
    head: str = START
    unsealed: int = 0
    problem: str | None = None


class AuditSealer:
    """Adds to the chain what was committed, and forgets addresses after 90 days.

    Two at once cannot fork the chain: both want the same next number, and one of them is refused.
    """

    def __init__(
        self,
        database: Database,
        entries: AuditRepository,
        seals: SealRepository,
        proofs: AuditProofs,
    ) -> None:
        self._database = database
        self._entries = entries
        self._seals = seals
        self._proofs = proofs
        self._looked_everywhere = False

    async def seal(self) -> None:
        """Seal all that has no seal yet; what others are just sealing is left to them."""
        try:
            if await self._has_work():
                while await self._seal_batch() == BATCH:
                    pass
                self._looked_everywhere = True
        except (ConflictException, RetryableException):
            return

    async def purge(self) -> None:
        """Forget where entries came from once they are 90 days old. The chain does not mind."""
        async with self._database.transaction() as db:
            await self._entries.purge_origins(db, utc_now() - ORIGINS_KEPT)

    async def _has_work(self) -> bool:
        if not self._looked_everywhere:
            return True
        async with self._database.reading() as db:
            return bool(await self._seals.unsealed(db, await self._above(db), 1))

    async def _above(self, db: AsyncSession) -> int:
        """Where to look from: at first everywhere, and then where something can have been added."""
        return await self._seals.last_sealed(db) - LATE if self._looked_everywhere else 0

    async def _seal_batch(self) -> int:
        async with self._database.transaction() as db:
            return await self._append(db)

    async def _append(self, db: AsyncSession) -> int:
        last = await self._seals.last(db)
        previous, sequence = (last.digest, last.sequence) if last else (START, 0)
        found = await self._seals.unsealed(db, await self._above(db), BATCH)
        made = []
        for number, (entry, _) in enumerate(found, sequence + 1):
            seal = AuditSeal(sequence=number, entry_id=entry.id)
            seal.digest = previous = self._proofs.sign(seal_text(previous, seal, entry.digest))
            made.append(seal)
        await self._seals.append(db, made)
        return len(made)


class AuditVerifier:
    def __init__(self, seals: SealRepository, proofs: AuditProofs) -> None:
        self._seals = seals
        self._proofs = proofs

    async def length(self, db: AsyncSession) -> int:
        """How many seals there are to verify."""
        last = await self._seals.last(db)
        return last.sequence if last else 0

    async def verify(
        self,
        db: AsyncSession,
        expected: str | None = None,
        step: Callable[[int], object] = lambda _count: None,
    ) -> Verdict:
        """Walk the chain up to the first row that is not as it was written.

        `expected` is a head noted earlier, which must be on the way. `step` is told after each
        batch how many links it had. Memory does not grow with the trail.
        """
        verdict, seen = Verdict(), expected is None
        while links := await self._seals.links(db, verdict.proven, BATCH):
            for link in links:
                problem = self._problem_of(link, verdict)
                if problem:
                    return replace(verdict, problem=problem)
                verdict = Verdict(verdict.proven + 1, link.seal.digest)
                seen = seen or verdict.head == expected
            step(len(links))
        verdict = await self._verify_unsealed(db, verdict)
        if seen or verdict.problem:
            return verdict
        return replace(verdict, problem="the end is missing: no seal has the digest expected")

    async def _verify_unsealed(self, db: AsyncSession, verdict: Verdict) -> Verdict:
        last = 0
        while found := await self._seals.unsealed(db, last, BATCH):
            for entry, origin in found:
                problem = self._problem_of_entry(entry, origin)
                if problem:
                    return replace(verdict, problem=problem)
                verdict = replace(verdict, unsealed=verdict.unsealed + 1)
            last = found[-1][0].id
        return verdict

    def _problem_of(self, link: Link, before: Verdict) -> str | None:
        seal, entry = link.seal, link.entry
        if seal.sequence != before.proven + 1:
            return f"seal {before.proven + 1} is missing"
        if entry is None:
            return f"entry {seal.entry_id} is missing (seal {seal.sequence})"
        problem = self._problem_of_entry(entry, link.origin)
        if problem:
            return problem
        if not self._proofs.verify(seal_text(before.head, seal, entry.digest), seal.digest):
            return f"entry {entry.id} has a seal that does not follow (seal {seal.sequence})"
        return None

    def _problem_of_entry(self, entry: AuditEntry, origin: AuditOrigin | None) -> str | None:
        if not self._proofs.verify(entry_text(entry), entry.digest):
            return f"entry {entry.id} was altered, or was not written by this server"
        if origin and not self._proofs.verify(origin_text(entry, origin), entry.origin_digest):
            return f"entry {entry.id} has an address or agent that was altered"
        return None
