from collections.abc import Callable


def image_addresses(source: str) -> list[str]:
    return []


def link_addresses(source: str) -> list[str]:
    return []


def rewrite_addresses(source: str, replace: Callable[[str], str]) -> str:
    return source
