"""Mail that was kept instead of sent, and whether sending works."""

import asyncio
from typing import Annotated
from uuid import uuid4

import typer
from rich.console import Console
from rich.table import Table

from portfolio.adapters.mailer import MailRefusedError, create_mailer, create_sink, sender_of
from portfolio.adapters.mailer.mails import TransportTest
from portfolio.adapters.mailer.message import parse
from portfolio.adapters.mailer.rendering import Renderer
from portfolio.cli.terminal import printable
from portfolio.core import environment, logs
from portfolio.core.clock import utc_now
from portfolio.core.config import Settings

app = typer.Typer(help="Mail: what was kept, and whether sending works.", no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """List the mails kept in DATA_DIR while no mail server is set, newest first."""
    chosen = environment.load()
    sink = create_sink(chosen)
    table = Table("", "date", "to", "subject", box=None)
    for number, mail in enumerate(sink.kept(), start=1):
        table.add_row(
            str(number),
            f"{mail.date:%Y-%m-%d %H:%M:%S}",
            printable(mail.to),
            printable(mail.subject),
        )
    console = Console()
    if table.row_count:
        console.print(table)
    else:
        typer.echo(f"No mail is kept in {sink.place}.")
    if chosen.mail.configured:
        typer.echo(f"Mail is sent by {create_mailer(chosen).place}; nothing is added here.")


@app.command()
def show(
    number: Annotated[int, typer.Argument(min=1, help="As `list` counts; 1 is the newest")] = 1,
) -> None:
    """Show the text of a kept mail."""
    kept = create_sink(environment.load()).kept()
    if number > len(kept):
        raise typer.BadParameter(f"{len(kept)} are kept", param_hint="NUMBER")
    mail = kept[number - 1]
    for name, value in (("To", mail.to), ("Subject", mail.subject), ("File", str(mail.path))):
        typer.echo(f"{name + ':':<9}{printable(value)}")
    typer.echo()
    typer.echo("\n".join(map(printable, mail.text.splitlines())))


@app.command()
def test(address: Annotated[str, typer.Argument(help="Where to")]) -> None:
    """Send one mail now, by the way that is set, and say what happened."""
    try:
        parse(address)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="ADDRESS") from error
    chosen = environment.load()
    logs.configure(chosen.logging.model_copy(update={"level": "warning"}))
    try:
        place = asyncio.run(_send(chosen, address))
    except MailRefusedError as error:
        typer.echo(f"Refused: {printable(str(error))}", err=True)
        raise typer.Exit(2) from error
    verb = "Sent by" if chosen.mail.configured else "No mail server is set; kept in"
    typer.echo(f"{verb} {place}")


async def _send(chosen: Settings, address: str) -> str:
    mailer = create_mailer(chosen)
    message_id = f"<{uuid4()}@{sender_of(chosen).domain}>"
    message = await Renderer(chosen).message(TransportTest(), address, message_id, utc_now())
    await mailer.send(message)
    return mailer.place
