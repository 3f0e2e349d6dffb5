from portfolio.api.answers import AnswerDep
from portfolio.api.deps import ApiTokensDep, CurrentUser, DbRead, DbWrite, PageDep, RowId
from portfolio.api.errors import errors
from portfolio.api.identity import SignInDb, TokenMaker
from portfolio.api.v1.prefix import v1_router
from portfolio.core.errors import ConflictException, NotFoundException
from portfolio.core.pagination import Page
from portfolio.models.credentials import ApiToken
from portfolio.schemas.api_tokens import ApiTokenCreate, ApiTokenIssued, ApiTokenRead
from portfolio.schemas.page import PageRead

router = v1_router("api tokens", prefix="/me/api-tokens")


@router.get("", response_model=PageRead[ApiTokenRead])
async def list_api_tokens(
    page: PageDep, db: DbRead, tokens: ApiTokensDep, user: CurrentUser, answer: AnswerDep
) -> Page[ApiToken]:
    """Your tokens, the newest first; none of them can be read again."""
    return answer.page(await tokens.page(db, user.id, page))


@router.post("", status_code=201, responses=errors(ConflictException))
async def create_api_token(
    data: ApiTokenCreate,
    # No answer with a secret in it is kept for a repetition.
    db: SignInDb,
    tokens: ApiTokensDep,
    identity: TokenMaker,
    answer: AnswerDep,
) -> ApiTokenIssued:
    """For a static build or a script. Copy the `token` now: it is shown only once."""
    return answer.private(await tokens.create(db, data, identity.user))


@router.delete("/{id}", status_code=204, responses=errors(NotFoundException))
async def delete_api_token(id: RowId, db: DbWrite, tokens: ApiTokensDep, user: CurrentUser) -> None:
    """It is refused from now on."""
    await tokens.delete(db, user.id, id)
