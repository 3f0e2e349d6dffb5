import re

from sqlalchemy import ColumnElement, SQLColumnExpression

WILDCARD = re.compile(r"[%_\[/]")


def contains(column: SQLColumnExpression[str], text: str) -> ColumnElement[bool]:
    """Whether it occurs there, in capitals or not. Wildcards stand for themselves everywhere."""
    literal = WILDCARD.sub(r"/\g<0>", text)
    return column.ilike(f"%{literal}%", escape="/")
