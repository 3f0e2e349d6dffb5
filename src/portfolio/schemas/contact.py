"""What visitors write to the owner, and the owner's inbox."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from portfolio.models.contact import ContactState
from portfolio.schemas.base import Input, OneLine, Output, Timestamp, example
from portfolio.schemas.page import ListQuery
from portfolio.schemas.publications import not_null
from portfolio.schemas.spam import Reasons
from portfolio.schemas.users import Email

MAX_NAME, MAX_SUBJECT, MAX_MESSAGE, MAX_EXCERPT = 100, 200, 10_000, 300


def _lines(value: Any) -> Any:
    # Forms end lines in their own way (HTML, 4.10.22.4), and would count them twice.
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value


def _or_none(value: Any) -> Any:
    # A field of a form that nobody filled in.
    return None if value == "" else value


def _beginning(value: Any) -> Any:
    text = " ".join(str(value).split())
    return text if len(text) <= MAX_EXCERPT else text[: MAX_EXCERPT - 1] + "…"


Name = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME), OneLine]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=MAX_SUBJECT), OneLine]
Prose = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_MESSAGE), BeforeValidator(_lines)
]


class ContactCreate(Input):
    model_config = example(
        name="Ada Lovelace",
        email="ada@example.com",
        subject="Your talk about looms",
        message="Hello!\n\nCould we have your slides?",
        shown_at="2026-11-22T10:00:00Z",
    )

    name: Name
    email: Annotated[Email, OneLine]
    subject: Subject
    message: Prose
    subtitle: str = Field(
        "", max_length=MAX_MESSAGE, description="Leave it empty, and hide it from people"
    )
    shown_at: Annotated[Timestamp | None, BeforeValidator(_or_none)] = Field(
        None, description="When the form was shown; what comes too soon after is a program's"
    )


class ContactForm(ContactCreate):
    """The same as an HTML form sends it."""

    redirect: Annotated[
        Annotated[str, StringConstraints(max_length=2000, strip_whitespace=False)] | None,
        BeforeValidator(_or_none),
    ] = Field(None, description="Where the browser goes next, as far as CONTACT_REDIRECTS allows")


class ContactUpdate(Input):
    """Only what is given changes."""

    model_config = example(state="archived")

    state: Literal[
        ContactState.NEW, ContactState.READ, ContactState.ARCHIVED, ContactState.SPAM
    ] = Field(
        ContactState.NEW,
        description="`spam`, and any other after it, teach the filter. A reply makes it `replied`",
    )
    _given = not_null("state")


class ContactReplyCreate(Input):
    model_config = example(body="Dear Ada,\n\nof course: https://example.com/slides")

    body: Prose


class ContactQuery(ListQuery):
    state: ContactState | None = None
    unread: bool | None = Field(None, description="Whether nobody has opened it: `new`, or not")


class ContactItem(Output):
    id: int
    name: str
    email: str
    subject: str
    excerpt: Annotated[str, BeforeValidator(_beginning)] = Field(
        validation_alias="message", description="How the message begins"
    )
    state: ContactState
    reasons: Reasons
    spam_score: float | None = Field(
        description="From 0 to 1; null where the filter knows too little"
    )
    created_at: datetime
    updated_at: datetime


class ContactReplyRead(Output):
    id: int
    message_id: int
    author_id: int | None = Field(description="The account that replied; null if it is gone")
    body: str
    sent_at: datetime


class ContactRead(Output):
    id: int
    name: str
    email: str
    subject: str
    message: str = Field(description="Plain text; show it as such")
    state: ContactState
    reasons: Reasons
    spam_score: float | None = Field(
        description="From 0 to 1; null where the filter knows too little"
    )
    client: str | None = Field(description="Its network address; forgotten after 90 days")
    agent: str | None = Field(description="The browser, likewise")
    replies: list[ContactReplyRead]
    created_at: datetime
    updated_at: datetime
