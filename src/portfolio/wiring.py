"""Builds everything once: engines, repositories, adapters and services."""

from dataclasses import dataclass
from datetime import timedelta

from portfolio.adapters.hashing import PasswordHashing
from portfolio.adapters.storage import Storage, create_storage
from portfolio.core.config import SecuritySettings, Settings
from portfolio.core.events import EventBus, JobQueued
from portfolio.core.security import AccessTokens, PasswordHasher, PreviewTokens
from portfolio.db.engine import create_engines
from portfolio.db.repositories.bookkeeping import IdempotencyRepository, ImportSourceRepository
from portfolio.db.repositories.credentials import OneTimeTokenRepository, SessionRepository
from portfolio.db.repositories.entities import EntityRepository
from portfolio.db.repositories.history import RedirectRepository, RevisionRepository
from portfolio.db.repositories.media import ImageRepository
from portfolio.db.repositories.outbox import OutboxRepository
from portfolio.db.repositories.posts import BlogPostRepository
from portfolio.db.repositories.profiles import ProfileRepository
from portfolio.db.repositories.projects import ProjectRepository
from portfolio.db.repositories.ready_cards import ReadyCards
from portfolio.db.repositories.taxonomy import SeriesRepository, TagRepository
from portfolio.db.repositories.users import UserRepository
from portfolio.db.session import Database
from portfolio.importers.markdown import MarkdownImporter
from portfolio.importers.targets import JobTarget, PostTarget, ProjectTarget
from portfolio.importers.writer import Writer
from portfolio.models.entities import EntityType
from portfolio.services.auth import AuthService
from portfolio.services.files import DELETE_FILE, FileRemover
from portfolio.services.history import HistoryService
from portfolio.services.idempotency import IdempotencyService
from portfolio.services.media import MediaService
from portfolio.services.outbox import OutboxService, OutboxWorker
from portfolio.services.posts import PostService
from portfolio.services.profiles import ProfileService
from portfolio.services.projects import ProjectService
from portfolio.services.redirects import RedirectService
from portfolio.services.resume import ResumeService
from portfolio.services.setup import SetupService
from portfolio.services.taxonomy import SeriesService, TagService
from portfolio.services.users import UserService


@dataclass(frozen=True, slots=True)
class Services:
    """One of each, for the life of the process."""

    settings: Settings
    bus: EventBus
    database: Database
    storage: Storage
    hashing: PasswordHashing
    auth: AuthService
    users: UserService
    setup: SetupService
    profiles: ProfileService
    resume: ResumeService
    posts: PostService
    projects: ProjectService
    tags: TagService
    series: SeriesService
    redirects: RedirectService
    media: MediaService
    idempotency: IdempotencyService
    cards: ReadyCards
    outbox: OutboxWorker
    importer: MarkdownImporter

    async def close(self) -> None:
        self.hashing.close()
        await self.database.engines.dispose()


def build_services(settings: Settings) -> Services:
    """Connects to nothing yet. Raises SettingsError for a database that cannot be used."""
    bus = EventBus()
    database = Database(create_engines(settings), bus)
    keys = _keys(settings.security)
    address = settings.server.address
    storage = create_storage(settings)
    hashing = PasswordHashing(_hasher(settings.security))

    users, profiles = UserRepository(), ProfileRepository()
    tags, series = TagRepository(), SeriesRepository()
    redirects, jobs = RedirectRepository(), OutboxRepository()

    user_service = UserService(users, profiles, hashing, settings.site.name)
    lifetime = timedelta(minutes=settings.security.access_token_minutes)
    auth = AuthService(users, SessionRepository(), hashing, AccessTokens(keys, address, lifetime))
    outbox, images = OutboxService(jobs), ImageRepository()
    media = MediaService(images, EntityRepository(), storage, outbox)
    history = HistoryService(RevisionRepository(), redirects)
    previews = PreviewTokens(keys, address)
    post_rows, project_rows = BlogPostRepository(), ProjectRepository()
    posts = PostService(post_rows, series, tags, history, media, previews)
    projects = ProjectService(project_rows, tags, history, media, previews)
    cards = ReadyCards({EntityType.POSTS: post_rows, EntityType.PROJECTS: project_rows})
    database.before_commit(cards.renew_noted)
    profile_service = ProfileService(profiles, post_rows, project_rows)
    sources = ImportSourceRepository()
    writer = Writer(
        database,
        storage,
        sources,
        {
            "posts": PostTarget(database, posts, media),
            "projects": ProjectTarget(database, projects, media),
            "experience": JobTarget(profile_service),
        },
    )
    worker = OutboxWorker(database, jobs)
    worker.register(DELETE_FILE, FileRemover(database, images, storage, outbox))
    bus.subscribe(JobQueued, worker.wake)

    return Services(
        settings=settings,
        bus=bus,
        database=database,
        storage=storage,
        hashing=hashing,
        auth=auth,
        users=user_service,
        setup=SetupService(users, OneTimeTokenRepository(), user_service, auth, address),
        profiles=profile_service,
        resume=ResumeService(profiles),
        posts=posts,
        projects=projects,
        tags=TagService(tags),
        series=SeriesService(series),
        redirects=RedirectService(redirects, settings.site),
        media=media,
        cards=cards,
        idempotency=IdempotencyService(IdempotencyRepository()),
        outbox=worker,
        importer=MarkdownImporter(database, sources, writer, user_service, settings.site),
    )


def _keys(security: SecuritySettings) -> list[str]:
    """The signing key, then those that only verify."""
    current = [security.secret_key] if security.secret_key else []
    return [key.get_secret_value() for key in [*current, *security.secret_key_previous]]


def _hasher(security: SecuritySettings) -> PasswordHasher:
    pepper = security.password_pepper.get_secret_value() if security.password_pepper else ""
    return PasswordHasher(pepper, security.bcrypt_cost)
