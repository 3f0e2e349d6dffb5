"""The table of contents of version 1."""

from fastapi import FastAPI

from portfolio.api.pages import unsubscribe
from portfolio.api.route import place
from portfolio.api.v1.endpoints import (
    api_tokens,
    audit,
    auth,
    comments,
    contact,
    counts,
    images,
    invites,
    me,
    moderation,
    notifications,
    passwords,
    posts,
    profile,
    projects,
    reactions,
    redirects,
    registration,
    render,
    resume,
    sections,
    sessions,
    stats,
    taxonomy,
    two_factor,
    users,
    videos,
)

# Routes are tried in this order: what is asked for most stands first, and redirects last, since
# they take every path below /posts and /projects that nobody else does.
ROUTERS = (
    posts.router,
    projects.router,
    sections.router,
    resume.router,
    profile.router,
    taxonomy.router,
    auth.router,
    registration.router,
    passwords.router,
    two_factor.router,
    me.router,
    notifications.router,
    # Before whatever takes every path below /comments.
    unsubscribe.router,
    moderation.router,
    sessions.router,
    api_tokens.router,
    users.router,
    invites.router,
    stats.router,
    audit.router,
    images.router,
    videos.router,
    render.router,
    comments.router,
    reactions.router,
    counts.router,
    contact.router,
    redirects.router,
)


def include_in(app: FastAPI) -> None:
    for router in ROUTERS:
        place(app, router)
