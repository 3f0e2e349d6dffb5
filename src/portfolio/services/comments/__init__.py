"""What is said about posts and projects."""

from portfolio.services.comments.guests import GuestComments
from portfolio.services.comments.service import CommentService
from portfolio.services.comments.threads import ThreadService
from portfolio.services.comments.writer import Writer

__all__ = ["CommentService", "GuestComments", "ThreadService", "Writer"]
