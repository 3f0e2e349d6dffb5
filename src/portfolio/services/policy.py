"""Who may do what, on one page."""

from portfolio.core.errors import ForbiddenException, UnauthorizedException
from portfolio.models.users import User


def may_edit_content(viewer: User | None) -> bool:
    """Write posts, projects and profile, and see what is not public."""
    return viewer is not None and viewer.is_admin


def require_editor(viewer: User | None) -> None:
    """Raises UnauthorizedException for strangers, ForbiddenException for other accounts."""
    if viewer is None:
        raise UnauthorizedException
    if not may_edit_content(viewer):
        raise ForbiddenException
