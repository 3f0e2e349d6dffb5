"""What front matter says of a job."""

from portfolio.importers import bodies, periods
from portfolio.importers.fields import Fields
from portfolio.importers.kinds import EMPLOYERS

ROLES = ("role", "jobTitle", "position")


def company(fields: Fields) -> str | None:
    return next(iter(fields.texts(*EMPLOYERS)), None)


def role(fields: Fields) -> str | None:
    text = fields.text(*ROLES)
    return None if text is None or text.lstrip("-").isdecimal() else text


def period(fields: Fields) -> tuple[periods.Period, str | None]:
    """The span of time, and the text it was written as, which is kept also when it is not read."""
    start = next((value for _, value in fields.present("start", "startDate", "startedOn")), None)
    end = next((value for _, value in fields.present("end", "endDate", "endedOn")), None)
    text = fields.text("range", "period", "duration", "dates")
    found = periods.Period()
    try:
        if start is not None or end is not None:
            found = periods.read_edges(start, end)
        elif text is not None:
            found = periods.read(text)
    except ValueError as error:
        fields.warn(f"the period {text or f'{start} - {end}'!r} cannot be read: {error}")
    return found, text


def highlights(fields: Fields, body: str) -> tuple[list[str], str]:
    """What was done there: from front matter, or else the body's lists; and the rest of the body."""
    if written := fields.texts("highlights", "bullets", "responsibilities"):
        return written, body.strip()
    return bodies.highlights(body)
