from portfolio.api.deps import CurrentUser, DbRead, DbWrite, MailChoicesDep
from portfolio.api.v1.prefix import v1_router
from portfolio.schemas.notifications import NotificationRead, NotificationUpdate

router = v1_router("me", prefix="/me/notifications")


@router.get("", summary="Which mail you get about comments")
async def get_notifications(
    db: DbRead, choices: MailChoicesDep, user: CurrentUser
) -> NotificationRead:
    return NotificationRead(delivery=await choices.of(db, user.email))


@router.patch("", summary="Choose which mail you get about comments")
async def update_notifications(
    changes: NotificationUpdate, db: DbWrite, choices: MailChoicesDep, user: CurrentUser
) -> NotificationRead:
    """At once, all of a day together, or none. Other mail about your account comes as ever."""
    return NotificationRead(delivery=await choices.choose(db, user.email, changes.delivery))
