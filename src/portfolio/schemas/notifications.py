from typing import Annotated

from pydantic import BaseModel, Field

from portfolio.models.notifications import Delivery
from portfolio.schemas.base import Input, Output, example

# A sealed address, which may be as long as addresses are.
ListToken = Annotated[str, Field(min_length=1, max_length=2000)]


class NotificationUpdate(Input):
    model_config = example(delivery="daily")

    delivery: Delivery


class NotificationRead(Output):
    delivery: Delivery = Field(
        description="Mail about comments: at once, all of a day together, or none"
    )


class Unsubscription(BaseModel):
    """What comes with the link of a mail; whatever else mail programs send along is passed over."""

    token: ListToken
    delivery: Delivery = Delivery.OFF
