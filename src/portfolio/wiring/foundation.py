"""What every part stands on: engines, adapters, and the work behind the scenes."""

from dataclasses import dataclass
from typing import Self

from portfolio.adapters.bell import Bell, create_bell
from portfolio.adapters.cache import Cache, CacheAwayError, create_cache
from portfolio.adapters.connections import HostConnections
from portfolio.adapters.hashing import PasswordHashing
from portfolio.adapters.imaging import Imaging
from portfolio.adapters.limiter import Limits, create_limits
from portfolio.adapters.own_folder import OwnFolder
from portfolio.adapters.redis import RedisLink, create_redis
from portfolio.adapters.storage import Storage, create_storage
from portfolio.core.config import SecuritySettings, Settings
from portfolio.core.config.server import cores
from portfolio.core.events import Changed, EventBus, JobQueued
from portfolio.core.sealing import Sealer
from portfolio.core.security import PasswordHasher
from portfolio.db.engine import Engines, create_engines
from portfolio.db.fence import DatabaseFence
from portfolio.db.replica import Replica
from portfolio.db.repositories.audit import AuditRepository, SealRepository
from portfolio.db.repositories.live import LiveEventRepository
from portfolio.db.repositories.outbox import OutboxRepository
from portfolio.db.session import Database
from portfolio.services.audit import (
    AuditProofs,
    AuditRecorded,
    AuditSealer,
    AuditService,
    AuditVerifier,
    log_recorded,
)
from portfolio.services.live import LiveService, Told
from portfolio.services.outbox import OutboxService, OutboxWorker
from portfolio.services.periodic import Periodic
from portfolio.services.readiness import Readiness


@dataclass(frozen=True, kw_only=True)
class Foundation:
    """Closed at the end of `async with`, or by close()."""

    settings: Settings
    keys: list[str]
    bus: EventBus
    database: Database
    storage: Storage
    imaging: Imaging
    staging: OwnFolder
    redis: RedisLink | None
    cache: Cache
    limits: Limits
    hashing: PasswordHashing
    jobs: OutboxService
    outbox: OutboxWorker
    periodic: Periodic
    audit: AuditService
    audit_verifier: AuditVerifier
    live: LiveService
    bell: Bell
    connections: HostConnections
    readiness: Readiness

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_outcome: object) -> None:
        await self.close()

    async def close(self) -> None:
        self.hashing.close()
        await self.imaging.close()
        self.staging.close()
        await self.limits.close()
        await self.bell.close()
        self.connections.close()
        await self.cache.close()
        if self.redis is not None:
            await self.redis.close()
        await self.database.engines.dispose()


def build_foundation(settings: Settings) -> Foundation:
    bus, engines = EventBus(), create_engines(settings)
    keys, redis, jobs = _keys(settings.security), create_redis(settings.redis), OutboxRepository()
    cache = create_cache(settings, redis, DatabaseFence(engines))
    database = Database(engines, bus, _replica(engines, cache))
    storage = create_storage(settings)
    outbox = OutboxWorker(database, jobs)
    bus.subscribe(JobQueued, outbox.wake)
    # First of all: whoever hears of a change and looks must not see what was before.
    bus.subscribe(Changed, cache.changed)
    periodic = Periodic()
    if database.replica is not None:
        watching = periodic.every(1, "replica.watch", database.replica.watch)
        bus.subscribe(Changed, watching.wake)
    staging = OwnFolder(settings.storage.data_dir / "run" / "staging")
    periodic.every(30, "staging.clear", staging.clear)
    entries, seals, proofs = AuditRepository(), SealRepository(), AuditProofs(keys)
    sealer = AuditSealer(database, entries, seals, proofs)
    sealing = periodic.every(5, "audit.seal", sealer.seal)
    periodic.every(3600, "audit.purge", sealer.purge)
    bus.subscribe(AuditRecorded, log_recorded)
    bus.subscribe(AuditRecorded, sealing.wake)
    bell = create_bell(settings, redis)
    bus.subscribe(Told, bell.ring)
    return Foundation(
        settings=settings,
        keys=keys,
        bus=bus,
        database=database,
        storage=storage,
        imaging=Imaging(workers=max(1, cores() // (2 * settings.server.workers))),
        staging=staging,
        redis=redis,
        cache=cache,
        limits=create_limits(settings, redis),
        hashing=PasswordHashing(_hasher(settings.security)),
        jobs=OutboxService(jobs, Sealer(keys)),
        outbox=outbox,
        periodic=periodic,
        audit=AuditService(entries, proofs),
        audit_verifier=AuditVerifier(seals, proofs),
        live=LiveService(LiveEventRepository()),
        bell=bell,
        connections=HostConnections(settings.storage.data_dir / "run" / "live" / "open"),
        readiness=Readiness(database, storage, redis),
    )


def _replica(engines: Engines, cache: Cache) -> Replica | None:
    async def changes() -> int | None:
        try:
            return await cache.position()
        except CacheAwayError:
            return None

    return Replica(engines.replica, engines.write, changes) if engines.replica else None


def _keys(security: SecuritySettings) -> list[str]:
    """The signing key, then those that only verify."""
    current = [security.secret_key] if security.secret_key else []
    return [key.get_secret_value() for key in [*current, *security.secret_key_previous]]


def _hasher(security: SecuritySettings) -> PasswordHasher:
    pepper = security.password_pepper.get_secret_value() if security.password_pepper else ""
    return PasswordHasher(pepper, security.bcrypt_cost)
