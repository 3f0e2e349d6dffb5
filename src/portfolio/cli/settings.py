"""Show what is set."""

from rich.console import Console
from rich.table import Table

from portfolio.core import environment, logs


def settings() -> None:
    """Print the effective settings, secrets masked."""
    chosen = environment.load()
    table = Table("variable", "value", "what for", box=None)
    for name, (group, field) in environment.variables().items():
        value = getattr(getattr(chosen, group), field)
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        # The address of a database has a password in it.
        text = "" if shown is None else str(logs.masked(str(shown)))
        table.add_row(name, text, environment.description(group, field))
    Console().print(table)
