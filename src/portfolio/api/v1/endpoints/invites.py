from portfolio.api.answers import AnswerDep
from portfolio.api.deps import InvitesDep
from portfolio.api.errors import errors
from portfolio.api.identity import FreshAdmin, SignInDb
from portfolio.api.v1.prefix import v1_router
from portfolio.core.errors import ConflictException
from portfolio.schemas.invites import InviteCreate, InviteRead
from portfolio.services.invites import Invite

router = v1_router("invites", prefix="/invites")


@router.post("", response_model=InviteRead, status_code=201, responses=errors(ConflictException))
async def create_invite(
    data: InviteCreate,
    # No answer with a secret in it is kept for a repetition.
    db: SignInDb,
    invites: InvitesDep,
    admin: FreshAdmin,
    answer: AnswerDep,
) -> Invite:
    """A link that makes one account; mailed where there is an address and a mail server."""
    return answer.private(await invites.create(db, data, admin.user))
