"""Where version 1 is, and the router of each endpoint module."""

from fastapi import APIRouter

from portfolio.api.route import Door, door_router

PREFIX = "/api/v1"


def v1_router(*tags: str, prefix: str = "", door: type[Door] = Door) -> APIRouter:
    """For routes below PREFIX and `prefix`."""
    return door_router(*tags, prefix=PREFIX + prefix, door=door)
