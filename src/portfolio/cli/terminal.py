"""What may be written to a terminal."""


def printable(line: str) -> str:
    """Names of files and texts of others may hold anything, such as what moves a cursor."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in line
    )
