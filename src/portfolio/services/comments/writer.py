from dataclasses import dataclass

from portfolio.models.comments import Comment
from portfolio.models.users import User


@dataclass(frozen=True, slots=True)
class Writer:
    """An account that comments. `fresh`: it proved lately who it is."""

    user: User
    moderates: bool
    fresh: bool

    @property
    def viewer(self) -> User | None:
        """Who reads: an admin without its rights reads what strangers read."""
        return None if self.user.is_admin and not self.moderates else self.user

    def wrote(self, comment: Comment) -> bool:
        return comment.author_id == self.user.id
