"""Posts, projects, profile, pictures and videos."""

from dataclasses import dataclass
from typing import Any

from portfolio.adapters.probing import VideoProbe
from portfolio.core.media_links import MediaLinks
from portfolio.core.security import PreviewTokens
from portfolio.db.repositories.bookkeeping import IdempotencyRepository
from portfolio.db.repositories.engagement import EngagementRepository
from portfolio.db.repositories.entities import EntityRepository
from portfolio.db.repositories.file_uses import FileUseRepository
from portfolio.db.repositories.history import RedirectRepository, RevisionRepository
from portfolio.db.repositories.media import ImageRepository
from portfolio.db.repositories.posts import BlogPostRepository
from portfolio.db.repositories.profiles import ProfileRepository
from portfolio.db.repositories.projects import ProjectRepository
from portfolio.db.repositories.publications import PublicationRepository
from portfolio.db.repositories.ready_cards import ReadyCards
from portfolio.db.repositories.renditions import RenditionRepository
from portfolio.db.repositories.taxonomy import SeriesRepository, TagRepository
from portfolio.db.repositories.texts import TextRepository
from portfolio.db.repositories.uploads import UploadRepository
from portfolio.db.repositories.users import UserRepository
from portfolio.db.repositories.videos import VideoRepository
from portfolio.models.entities import EntityType
from portfolio.services.files import DELETE_FILE, FileKeeper, FileRemover
from portfolio.services.history import HistoryService
from portfolio.services.idempotency import IdempotencyService
from portfolio.services.illustrations import RENEW_TEXTS, IllustrationService
from portfolio.services.media import MediaService
from portfolio.services.media_access import MediaAccess
from portfolio.services.picture_files import RENDER_PICTURE, PictureFiles
from portfolio.services.posts import PostService
from portfolio.services.profiles import ProfileService
from portfolio.services.projects import ProjectService
from portfolio.services.quota import UploadQuota
from portfolio.services.redirects import RedirectService
from portfolio.services.renditions import PictureRenderer
from portfolio.services.resume import ResumeService
from portfolio.services.schedule import Schedule
from portfolio.services.taxonomy import SeriesService, TagService
from portfolio.services.text_renewal import TextRenewal
from portfolio.services.video_files import VideoFiles
from portfolio.services.videos import VideoService
from portfolio.wiring.foundation import Foundation


@dataclass(frozen=True, kw_only=True)
class Content:
    profiles: ProfileService
    resume: ResumeService
    posts: PostService
    projects: ProjectService
    tags: TagService
    series: SeriesService
    redirects: RedirectService
    media: MediaService
    media_access: MediaAccess
    illustrations: IllustrationService
    text_renewal: TextRenewal
    videos: VideoService
    video_files: VideoFiles
    picture_files: PictureFiles
    picture_renderer: PictureRenderer
    quota: UploadQuota
    cards: ReadyCards
    idempotency: IdempotencyService
    schedule: Schedule


def build_content(base: Foundation) -> Content:
    """Registers the job that deletes files."""
    images, video_rows, entities = ImageRepository(), VideoRepository(), EntityRepository()
    tags, series, redirects = TagRepository(), SeriesRepository(), RedirectRepository()
    closes_after = base.settings.comments.closes_after
    post_rows, project_rows, profiles = (
        BlogPostRepository(closes_after),
        ProjectRepository(closes_after),
        ProfileRepository(),
    )
    uses = FileUseRepository()
    quota = UploadQuota(base.database, UserRepository(), UploadRepository(), base.settings.storage)
    videos = VideoService(video_rows, entities, base.jobs, quota)
    media = MediaService(images, videos, entities, base.jobs, quota)
    illustrations = IllustrationService(images, uses, base.jobs)
    renewal = TextRenewal(base.database, TextRepository(), uses, illustrations, base.jobs)
    base.outbox.register(RENEW_TEXTS, renewal)
    engagement = EngagementRepository()
    history = HistoryService(RevisionRepository(), redirects)
    previews = PreviewTokens(base.keys, base.settings.server.address)
    publications: dict[EntityType, PublicationRepository[Any, Any, Any]] = {
        EntityType.POSTS: post_rows,
        EntityType.PROJECTS: project_rows,
    }
    cards = ReadyCards(publications)
    base.database.before_commit(cards.renew_noted)
    keeper = FileKeeper(base.database, base.storage, base.jobs)
    remover = FileRemover(base.database, uses, base.storage, base.jobs)
    base.outbox.register(DELETE_FILE, remover)
    pictures = PictureFiles(keeper, base.imaging, base.storage, base.staging)
    renderer = PictureRenderer(
        base.database, images, RenditionRepository(), media, pictures, base.jobs
    )
    # One after the other: uploads want the same cores, and nobody should wait for these.
    base.outbox.register(RENDER_PICTURE, renderer, slots=1)
    return Content(
        profiles=ProfileService(profiles, post_rows, project_rows, illustrations, base.audit),
        resume=ResumeService(profiles, illustrations, base.audit),
        posts=PostService(
            post_rows,
            series,
            tags,
            history,
            media,
            illustrations,
            engagement,
            previews,
            base.audit,
        ),
        projects=ProjectService(
            project_rows, tags, history, media, illustrations, engagement, previews, base.audit
        ),
        tags=TagService(tags, cards, base.audit),
        series=SeriesService(series, base.audit),
        redirects=RedirectService(redirects, base.settings.site),
        media=media,
        media_access=MediaAccess(MediaLinks(base.keys), uses, base.storage),
        illustrations=illustrations,
        text_renewal=renewal,
        videos=videos,
        video_files=VideoFiles(keeper, VideoProbe(), base.staging),
        picture_files=pictures,
        picture_renderer=renderer,
        quota=quota,
        cards=cards,
        idempotency=IdempotencyService(IdempotencyRepository()),
        schedule=Schedule(base.database, base.cache, publications),
    )
