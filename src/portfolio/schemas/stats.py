from pydantic import Field

from portfolio.schemas.base import Output


class PublicationStats(Output):
    """By status; what is in the bin counts there only."""

    draft: int
    scheduled: int
    published: int
    archived: int
    binned: int


class UserStats(Output):
    total: int
    active: int
    admins: int = Field(description="Active ones")


class JobStats(Output):
    waiting: int = Field(description="Due or to be tried again, mails included")
    failed: int = Field(description="Given up within the last 90 days")
    mails_waiting: int


class StatsRead(Output):
    posts: PublicationStats
    projects: PublicationStats
    images: int
    videos: int
    media_bytes: int = Field(description="What their files take, pictures with all variants")
    users: UserStats
    sessions: int = Field(description="Logins that can still be used")
    jobs: JobStats
    new_messages: int = Field(description="By the contact form, unread")
