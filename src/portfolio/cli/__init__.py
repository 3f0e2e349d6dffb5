"""The command `portfolio`."""

import sys

import typer

from portfolio import __version__
from portfolio.cli import audit, content, database, demo, mail, server, users
from portfolio.core.environment import SettingsError
from portfolio.core.errors import AppError

app = typer.Typer(
    name="portfolio",
    help="A self-hosted backend for a portfolio site and blog.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
server.add_to(app)
app.add_typer(database.app, name="db")
app.add_typer(users.app, name="user")
app.add_typer(audit.app, name="audit")
app.add_typer(mail.app, name="mail")
app.add_typer(content.app, name="import")
demo.add_to(app)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Errors on purpose become one clear line each, and the exit code 2."""
    try:
        app()
    except SettingsError as error:
        for line in error.lines:
            typer.echo(line, err=True)
        sys.exit(2)
    except AppError as error:
        typer.echo(error.detail, err=True)
        sys.exit(2)
