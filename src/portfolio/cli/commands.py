"""All that the command `portfolio` can do."""

import typer

from portfolio import __version__
from portfolio.cli import (
    audit,
    cache,
    content,
    database,
    demo,
    mail,
    media,
    server,
    settings,
    users,
)

app = typer.Typer(
    name="portfolio",
    help="A self-hosted backend for a portfolio site and blog.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(server.serve)
app.command()(settings.settings)
app.add_typer(database.app, name="db")
app.add_typer(users.app, name="user")
app.add_typer(audit.app, name="audit")
app.add_typer(mail.app, name="mail")
app.add_typer(cache.app, name="cache")
app.add_typer(media.app, name="media")
app.add_typer(content.app, name="import")
app.command()(demo.demo)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)
