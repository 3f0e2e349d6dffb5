"""Everything that can go wrong on purpose: one closed family, each with its own code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that was refused: its dotted path, a stable code and a sentence."""

    field: str
    code: str
    message: str


class AppError(Exception):
    """A refusal with its HTTP status (RFC 9110) and a stable machine-readable code.

    `persists` tells the owner of the transaction to commit although the request fails.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal server error"
    persists: ClassVar[bool] = False

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.detail = detail or self.title
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        super().__init__(self.detail)


class BadRequestException(AppError):
    status, code, title = 400, "bad_request", "Bad request"


class InvalidTokenException(BadRequestException):
    """Of a link that works once."""

    status, code = 400, "invalid_token"
    title = "This link was used, replaced or is too old; ask for a new one"


class UnauthorizedException(AppError):
    """Nobody is signed in, or no longer (RFC 6750 asks for the challenge)."""

    status, code, title = 401, "unauthorized", "Authentication required"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class InvalidCredentialsException(UnauthorizedException):
    """Whatever the reason is; saying which would tell who has an account."""

    status, code, title = 401, "invalid_credentials", "Wrong name or password"
    persists = True


class InvalidCodeException(UnauthorizedException):
    status, code, title = 401, "invalid_code", "Wrong, used or expired code"
    persists = True


class InvalidRefreshTokenException(UnauthorizedException):
    status, code, title = 401, "invalid_refresh_token", "The session has ended; sign in again"
    persists = True


class ForbiddenException(AppError):
    status, code, title = 403, "forbidden", "Not allowed"


class WrongPasswordException(ForbiddenException):
    """Of somebody who is signed in, and stays so."""

    status, code, title = 403, "wrong_password", "Wrong password"
    persists = True


class ReauthenticationRequiredException(ForbiddenException):
    """Too long ago that they proved who they are; POST /me/reauthenticate does it again."""

    status, code, title = 403, "reauth_required", "Prove again who you are"


class TwoFactorRequiredException(ForbiddenException):
    status, code, title = 403, "two_factor_required", "A second factor is required"


class InsufficientScopeException(ForbiddenException):
    """The API token was made for less (RFC 6750, 3.1)."""

    status, code, title = 403, "insufficient_scope", "The token does not go this far"


class RegistrationClosedException(ForbiddenException):
    status, code, title = 403, "registration_closed", "Registration is closed"


class CommentsClosedException(ForbiddenException):
    status, code, title = 403, "comments_closed", "Comments are closed"


class TooLateException(ForbiddenException):
    """Of what its writer could change only for a while."""

    status, code, title = 403, "too_late", "The time to change this is over"


class NotFoundException(AppError):
    """Absent, or not for the caller's eyes: the answer is the same."""

    status, code, title = 404, "not_found", "Not found"


class MovedException(AppError):
    """The thing has another slug by now; whoever knows addresses makes one of it."""

    status, code, title = 308, "moved", "Moved permanently"

    def __init__(self, kind: str, slug: str) -> None:
        super().__init__(f"It is now called {slug}")
        self.kind = kind
        self.slug = slug


class MethodNotAllowedException(AppError):
    status, code, title = 405, "method_not_allowed", "Method not allowed"


class ConflictException(AppError):
    status, code, title = 409, "conflict", "Conflict with the present state"


class RefreshInProgressException(ConflictException):
    status, code, title = (
        409,
        "refresh_in_progress",
        "Another request has just refreshed this token",
    )


class TooManyFilesException(ConflictException):
    """Beyond the number of files that one account may keep of its uploads."""

    status, code, title = 409, "too_many_files", "Too many uploaded files"


class PreconditionFailedException(AppError):
    """`If-Match` named a version that is no longer the present one (RFC 9110, 13.1.1)."""

    status, code, title = 412, "precondition_failed", "Changed in the meantime"


class PayloadTooLargeException(AppError):
    status, code, title = 413, "payload_too_large", "Body too large"


class QuotaExceededException(PayloadTooLargeException):
    """Beyond what one account may keep of its uploads, in bytes."""

    status, code, title = 413, "quota_exceeded", "No room left for your uploads"


class UnsupportedMediaTypeException(AppError):
    status, code, title = 415, "unsupported_media_type", "Unsupported media type"


class RangeNotSatisfiableException(AppError):
    status, code, title = 416, "range_not_satisfiable", "Range not satisfiable"


class InvalidInputException(AppError):
    status, code, title = 422, "invalid_input", "Invalid input"

    @classmethod
    def of(cls, field: str, message: str, code: str = "value_error") -> "InvalidInputException":
        """The refusal of a single field."""
        return cls(f"{field}: {message}", errors=[FieldError(field, code, message)])


class _RetryLater(AppError):
    """A refusal that will pass: says when, in whole seconds."""

    def __init__(self, detail: str | None = None, *, retry_after: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})
        self.retry_after = retry_after


class TooManyRequestsException(_RetryLater):
    status, code, title = 429, "too_many_requests", "Too many requests"


class AccountLockedException(TooManyRequestsException):
    """Too many wrong guesses; the secret was not even looked at."""

    status, code = 429, "account_locked"
    title = "Too many failed attempts; try again later, or use the link in the mail we sent"


class RateLimitedException(TooManyRequestsException):
    """A quota is used up; `headers` say how much of which (RateLimit fields)."""

    status, code, title = 429, "rate_limited", "Rate limit exceeded"

    def __init__(
        self,
        detail: str | None = None,
        *,
        retry_after: int = 1,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.headers.update(headers or {})


class UnavailableException(_RetryLater):
    status, code, title = 503, "unavailable", "Temporarily unavailable"


class InsufficientStorageException(AppError):
    """No room on the disk (RFC 4918, 11.5); nothing was kept."""

    status, code, title = 507, "insufficient_storage", "No room left to keep it"


class RetryableException(Exception):
    """The database asked for the whole transaction again: a deadlock, a conflict, a busy file."""
