"""What hot reads return: rows as plain values, without the cost of entities."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portfolio.models.entities import EntityType
from portfolio.models.media import VideoProvider
from portfolio.models.profiles import (
    Award,
    Certificate,
    Education,
    Experience,
    Language,
    Skill,
    SocialLink,
)


@dataclass(kw_only=True)
class AuthorRef:
    id: int
    username: str
    display_name: str
    avatar_url: str | None


@dataclass
class TagRef:
    id: int
    slug: str
    name: str


@dataclass(kw_only=True)
class SeriesRef:
    id: int
    slug: str
    name: str
    position: int | None


@dataclass(kw_only=True)
class Counts:
    comments: int
    reactions: int
    views: int


@dataclass(kw_only=True)
class Seo:
    title: str | None
    description: str | None
    image: str | None


@dataclass
class ImageRef:
    id: int
    entity_type: EntityType | None
    entity_id: int | None
    url: str
    alt: str | None
    caption: str | None
    position: int
    cover: bool
    width: int | None
    height: int | None
    bytes: int | None
    content_type: str | None
    placeholder: str | None
    focal_point: dict[str, float] | None
    variants: list[Any] = field(default_factory=list)
    color: str | None = None


@dataclass
class CaptionRef:
    language: str
    label: str
    url: str


@dataclass
class VideoRef:
    id: int
    entity_type: EntityType | None
    entity_id: int | None
    url: str
    provider: VideoProvider
    embed_url: str | None
    poster: str | None
    title: str | None
    duration: float | None
    position: int
    width: int | None
    height: int | None
    bytes: int | None
    content_type: str | None
    captions: list[CaptionRef]


@dataclass(kw_only=True)
class Card:
    """An entry of a list: all but the long body."""

    id: int
    slug: str
    title: str
    reading_time: int
    status: str
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    featured: bool
    canonical_url: str | None
    counts: Counts
    author: AuthorRef
    version: int
    cover: ImageRef | None = field(default=None)


@dataclass(kw_only=True)
class PostCard(Card):
    excerpt: str
    tags: list[TagRef] = field(default_factory=list)
    authors: list[str]
    series: SeriesRef | None


@dataclass(kw_only=True)
class ProjectCard(Card):
    summary: str
    technologies: list[TagRef] = field(default_factory=list)
    links: dict[str, str]
    role: str | None
    client: str | None
    started_on: str | None
    ended_on: str | None
    position: int


@dataclass(kw_only=True)
class Body:
    """What a detail has beyond its card."""

    body_markdown: str
    html: str
    toc: list[dict[str, Any]]
    seo: Seo
    images: list[ImageRef] = field(default_factory=list)
    videos: list[VideoRef] = field(default_factory=list)
    comments_enabled: bool
    comments_close_at: datetime | None


@dataclass(kw_only=True)
class PostDetail(PostCard, Body):
    pass


@dataclass(kw_only=True)
class ProjectDetail(ProjectCard, Body):
    pass


@dataclass(kw_only=True)
class ProfileDetail:
    """A profile with all of its sections, in order."""

    username: str
    id: int
    name: str | None
    headline: str | None
    image_url: str | None
    email: str | None
    phone: str | None
    website: str | None
    summary_markdown: str | None
    summary_html: str | None
    address: str | None
    postal_code: str | None
    city: str | None
    region: str | None
    country_code: str | None
    extras: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    version: int
    experience: list[Experience] = field(default_factory=list)
    education: list[Education] = field(default_factory=list)
    skills: list[Skill] = field(default_factory=list)
    social_links: list[SocialLink] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)
    awards: list[Award] = field(default_factory=list)
    languages: list[Language] = field(default_factory=list)
    images: list[ImageRef] = field(default_factory=list)
    featured_projects: list[ProjectCard] = field(default_factory=list)
    recent_posts: list[PostCard] = field(default_factory=list)


@dataclass(kw_only=True)
class Stats:
    """Each a count, by what is counted."""

    posts: dict[str, int]
    projects: dict[str, int]
    images: int
    videos: int
    media_bytes: int
    users: dict[str, int]
    sessions: int
    jobs: dict[str, int]
    new_messages: int
