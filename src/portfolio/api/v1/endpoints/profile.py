from portfolio.api.answers import AnswerDep
from portfolio.api.deps import DbRead, DbWrite, Editor, IfMatch, ProfilesDep, Ref
from portfolio.api.errors import errors
from portfolio.api.v1.prefix import v1_router
from portfolio.core.errors import NotFoundException, PreconditionFailedException
from portfolio.models.projections import ProfileDetail
from portfolio.schemas.profiles import HomeRead, ProfileRead, ProfileUpdate

router = v1_router("profile")


@router.get("/profile", response_model=HomeRead, responses=errors(NotFoundException))
async def get_profile(db: DbRead, profiles: ProfilesDep, answer: AnswerDep) -> ProfileDetail:
    """The site owner's profile with its sections, featured projects and newest posts."""
    return answer.versioned(await profiles.of_owner(db))


@router.patch(
    "/profile",
    response_model=ProfileRead,
    responses=errors(NotFoundException, PreconditionFailedException),
)
async def update_profile(
    changes: ProfileUpdate,
    db: DbWrite,
    profiles: ProfilesDep,
    user: Editor,
    if_match: IfMatch,
    answer: AnswerDep,
) -> ProfileDetail:
    """Change what is given of your own profile; the rest stays."""
    return answer.versioned(await profiles.update(db, changes, user, if_match))


@router.get("/profiles/{ref}", response_model=ProfileRead, responses=errors(NotFoundException))
async def get_public_profile(
    ref: Ref, db: DbRead, profiles: ProfilesDep, answer: AnswerDep
) -> ProfileDetail:
    """The profile that somebody publishes, by its id or their user name."""
    return answer.versioned(await profiles.read(db, ref))
