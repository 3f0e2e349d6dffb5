"""The table of contents of version 1."""

from fastapi import APIRouter

from portfolio.api.v1.endpoints import (
    auth,
    images,
    me,
    posts,
    profile,
    projects,
    redirects,
    render,
    taxonomy,
)

router = APIRouter(prefix="/api/v1")
# Routes are tried in this order: what is asked for most stands first.
router.include_router(posts.router)
router.include_router(projects.router)
router.include_router(profile.router)
router.include_router(taxonomy.router)
router.include_router(auth.router)
router.include_router(me.router)
router.include_router(images.router)
router.include_router(render.router)
# Last, since it takes every path below /posts and /projects that nobody else does.
router.include_router(redirects.router)
