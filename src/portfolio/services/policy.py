"""Who may do what, on one page."""

from collections.abc import Sequence

from portfolio.core.errors import (
    ConflictException,
    ForbiddenException,
    TwoFactorRequiredException,
    UnauthorizedException,
)
from portfolio.models.credentials import Scope
from portfolio.models.identity import Identity
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


def require_admin(user: User) -> None:
    """Raises ForbiddenException for any other role."""
    if not user.is_admin:
        raise ForbiddenException("Only an admin may do this")


def is_too_weak(identity: Identity, *, production: bool) -> bool:
    """An admin whose account could be guessed: in production it has no rights until that is mended."""
    return production and identity.user.is_admin and not identity.is_strong


def require_strong(identity: Identity, *, production: bool) -> None:
    """Raises TwoFactorRequiredException for who is_too_weak()."""
    if is_too_weak(identity, production=production):
        raise TwoFactorRequiredException(
            "In production an admin needs TOTP (POST /api/v1/me/2fa/totp) "
            "or a password of 15 characters"
        )


def scopes_of(user: User) -> tuple[Scope, ...]:
    """What an API token of this account may be for.

    Beside content all is for admins, or for people: no script writes in their name.
    """
    return tuple(Scope) if user.is_admin else (Scope.CONTENT_READ,)


def require_another_admin(admins: Sequence[User], user: User) -> None:
    """Whether `user` may go, or stop being one. Raises ConflictException for the only active admin.

    `admins` are all of them, held until the transaction ends.
    """
    if [admin.id for admin in admins] == [user.id]:
        raise ConflictException("This is the last active admin; make another one first")
