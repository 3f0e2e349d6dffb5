"""Comments as mails show them."""

from collections.abc import Iterable

from portfolio.adapters.mailer.mails import Quote, Thread
from portfolio.core.text import passage
from portfolio.db.repositories.notifications import Said, Subject
from portfolio.models.notifications import Occasion


def thread(subject: Subject, said: Iterable[tuple[Said, Occasion]], limit: int) -> Thread:
    """Comments on one subject, the first `limit` characters of each."""
    return Thread.model_validate(
        {
            "kind": subject.kind.value,
            "slug": subject.slug,
            "title": subject.title,
            "quotes": [_quote(each, occasion, limit) for each, occasion in said],
        }
    )


def _quote(said: Said, occasion: Occasion, limit: int) -> Quote:
    return Quote(
        comment_id=said.comment.id,
        author=said.name,
        lines=tuple(passage(said.comment.html, limit)),
        occasion=occasion.value,
    )
