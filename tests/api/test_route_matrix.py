"""Who gets which answer at which address: every operation, asked by everybody.

Every path leads to something that is there; what is private belongs to `user`.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from tests.factories.world import API, ENTRIES, TARGETS, World, bodies, make_world
from tests.test_architecture import routes

from portfolio.wiring import Services

# An API token of the admin for each scope, `all` being "admin"; and the most that a user can have.
TOKENS = "read", "write", "moderate", "all", "user's"
WHO = ("anonymous", "user", "another", "admin", "deactivated", *TOKENS)
# Below /api/v1. The columns are those of WHO.
API_ANSWERS = """
GET    /posts                                        200 200 200 200 401  200 403 403 200 200
POST   /posts                                        401 403 403 201 401  403 201 403 201 403
GET    /posts/{address}                              308 308 308 308 401  308 403 403 308 308
PATCH  /posts/{id}                                   401 403 403 200 401  403 200 403 200 403
DELETE /posts/{id}                                   401 403 403 204 401  403 204 403 204 403
POST   /posts/{id}/preview-links                     401 403 403 201 401  403 201 403 201 403
POST   /posts/{id}/publish                           401 403 403 200 401  403 200 403 200 403
POST   /posts/{id}/restore                           401 403 403 200 401  403 200 403 200 403
GET    /posts/{id}/revisions                         401 403 403 200 401  403 200 403 200 403
GET    /posts/{id}/revisions/{number}                401 403 403 200 401  403 200 403 200 403
POST   /posts/{id}/revisions/{number}/restore        401 403 403 200 401  403 200 403 200 403
POST   /posts/{id}/unpublish                         401 403 403 200 401  403 200 403 200 403
GET    /posts/{ref}                                  200 200 200 200 401  200 403 403 200 200
GET    /posts/{ref}/related                          200 200 200 200 401  200 403 403 200 200
POST   /posts/{ref}/views                            204 204 204 204 401  204 204 204 204 204
GET    /projects                                     200 200 200 200 401  200 403 403 200 200
POST   /projects                                     401 403 403 201 401  403 201 403 201 403
PUT    /projects/order                               401 403 403 200 401  403 200 403 200 403
GET    /projects/{address}                           308 308 308 308 401  308 403 403 308 308
PATCH  /projects/{id}                                401 403 403 200 401  403 200 403 200 403
DELETE /projects/{id}                                401 403 403 204 401  403 204 403 204 403
POST   /projects/{id}/preview-links                  401 403 403 201 401  403 201 403 201 403
POST   /projects/{id}/publish                        401 403 403 200 401  403 200 403 200 403
POST   /projects/{id}/restore                        401 403 403 200 401  403 200 403 200 403
GET    /projects/{id}/revisions                      401 403 403 200 401  403 200 403 200 403
GET    /projects/{id}/revisions/{number}             401 403 403 200 401  403 200 403 200 403
POST   /projects/{id}/revisions/{number}/restore     401 403 403 200 401  403 200 403 200 403
POST   /projects/{id}/unpublish                      401 403 403 200 401  403 200 403 200 403
GET    /projects/{ref}                               200 200 200 200 401  200 403 403 200 200
GET    /projects/{ref}/related                       200 200 200 200 401  200 403 403 200 200
POST   /projects/{ref}/views                         204 204 204 204 401  204 204 204 204 204
GET    /profile                                      200 200 200 200 200  200 200 200 200 200
PATCH  /profile                                      401 403 403 200 401  403 200 403 200 403
GET    /profile/resume.json                          200 200 200 200 200  200 200 200 200 200
PUT    /profile/resume.json                          401 403 403 200 401  403 200 403 200 403
GET    /profile/{section}                            200 200 200 200 200  200 200 200 200 200
POST   /profile/{section}                            401 403 403 201 401  403 201 403 201 403
PUT    /profile/{section}/order                      401 403 403 200 401  403 200 403 200 403
GET    /profile/{section}/{id}                       200 200 200 200 200  200 200 200 200 200
PATCH  /profile/{section}/{id}                       401 403 403 200 401  403 200 403 200 403
DELETE /profile/{section}/{id}                       401 403 403 204 401  403 204 403 204 403
GET    /profiles/{ref}                               200 200 200 200 200  200 200 200 200 200
GET    /tags                                         200 200 200 200 401  200 403 403 200 200
POST   /tags                                         401 403 403 201 401  403 201 403 201 403
GET    /tags/{ref}                                   200 200 200 200 401  200 403 403 200 200
PATCH  /tags/{ref}                                   401 403 403 200 401  403 200 403 200 403
DELETE /tags/{ref}                                   401 403 403 204 401  403 204 403 204 403
GET    /series                                       200 200 200 200 401  200 403 403 200 200
POST   /series                                       401 403 403 201 401  403 201 403 201 403
GET    /series/{ref}                                 200 200 200 200 401  200 403 403 200 200
PATCH  /series/{ref}                                 401 403 403 200 401  403 200 403 200 403
DELETE /series/{ref}                                 401 403 403 204 401  403 204 403 204 403
GET    /{target}/{ref}/images                        200 200 200 200 401  200 403 403 200 200
POST   /{target}/{ref}/images                        401 403 403 201 401  403 201 403 201 403
PUT    /{target}/{ref}/images/order                  401 403 403 200 401  403 200 403 200 403
GET    /images                                       401 403 403 200 401  403 200 403 200 403
POST   /images                                       401 403 403 201 401  403 201 403 201 403
GET    /images/{id}                                  404 404 404 200 401  200 403 403 200 404
PATCH  /images/{id}                                  401 403 403 200 401  403 200 403 200 403
DELETE /images/{id}                                  401 403 403 204 401  403 204 403 204 403
PUT    /images/{id}/file                             401 403 403 200 401  403 200 403 200 403
GET    /{target}/{ref}/videos                        200 200 200 200 401  200 403 403 200 200
POST   /{target}/{ref}/videos                        401 403 403 201 401  403 201 403 201 403
PUT    /{target}/{ref}/videos/order                  401 403 403 200 401  403 200 403 200 403
GET    /videos                                       401 403 403 200 401  403 200 403 200 403
POST   /videos                                       401 403 403 201 401  403 201 403 201 403
GET    /videos/{id}                                  404 404 404 200 401  200 403 403 200 404
PATCH  /videos/{id}                                  401 403 403 200 401  403 200 403 200 403
DELETE /videos/{id}                                  401 403 403 204 401  403 204 403 204 403
PUT    /videos/{id}/file                             401 403 403 200 401  403 200 403 200 403
PUT    /videos/{id}/captions/{language}              401 403 403 200 401  403 200 403 200 403
DELETE /videos/{id}/captions/{language}              401 403 403 204 401  403 204 403 204 403
GET    /events                                       401 403 403 200 401  403 403 200 200 403
GET    /redirects                                    200 200 200 200 200  200 200 200 200 200
POST   /render                                       401 403 403 200 401  403 200 403 200 403
GET    /posts/{ref}/comments                         200 200 200 200 401  200 403 403 200 200
POST   /posts/{ref}/comments                         422 202 202 201 401  403 403 201 201 403
GET    /projects/{ref}/comments                      200 200 200 200 401  200 403 403 200 200
POST   /projects/{ref}/comments                      422 202 202 201 401  403 403 201 201 403
POST   /comments/confirm                             400 400 400 400 400  400 400 400 400 400
GET    /comments/{id}                                200 200 200 200 401  200 403 403 200 200
PATCH  /comments/{id}                                401 403 403 200 401  403 403 200 200 403
DELETE /comments/{id}                                401 403 403 204 401  403 403 204 204 403
GET    /posts/{ref}/reactions                        200 200 200 200 401  200 403 403 200 200
PUT    /posts/{ref}/reactions/{kind}                 200 200 200 200 401  403 403 403 403 403
DELETE /posts/{ref}/reactions/{kind}                 200 200 200 200 401  403 403 403 403 403
GET    /projects/{ref}/reactions                     200 200 200 200 401  200 403 403 200 200
PUT    /projects/{ref}/reactions/{kind}              200 200 200 200 401  403 403 403 403 403
DELETE /projects/{ref}/reactions/{kind}              200 200 200 200 401  403 403 403 403 403
GET    /comments/{ref}/reactions                     200 200 200 200 401  200 403 403 200 200
PUT    /comments/{ref}/reactions/{kind}              200 200 200 200 401  403 403 403 403 403
DELETE /comments/{ref}/reactions/{kind}              200 200 200 200 401  403 403 403 403 403
POST   /counts                                       200 200 200 200 401  200 403 403 200 200
GET    /comments                                     401 403 403 200 401  403 403 200 200 403
GET    /comments/unsubscribe                         404 404 404 404 404  404 404 404 404 404
POST   /comments/unsubscribe                         404 404 404 404 404  404 404 404 404 404
POST   /comments/moderate                            401 403 403 200 401  403 403 200 200 403
POST   /comments/{id}/report                         202 202 202 202 401  202 403 403 202 202
POST   /contact                                      202 202 202 202 202  202 202 202 202 202
GET    /contact/messages                             401 403 403 200 401  403 403 403 200 403
GET    /contact/messages/{id}                        401 403 403 200 401  403 403 403 200 403
PATCH  /contact/messages/{id}                        401 403 403 200 401  403 403 403 200 403
DELETE /contact/messages/{id}                        401 403 403 204 401  403 403 403 204 403
POST   /contact/messages/{id}/reply                  401 403 403 201 401  403 403 403 201 403
POST   /auth/2fa/send                                401 401 401 401 401  401 401 401 401 401
POST   /auth/2fa/verify                              401 401 401 401 401  401 401 401 401 401
POST   /auth/login                                   200 200 200 200 200  200 200 200 200 200
POST   /auth/logout                                  401 204 204 204 401  403 403 403 403 403
POST   /auth/password/forgot                         202 202 202 202 202  202 202 202 202 202
POST   /auth/password/reset                          400 400 400 400 400  400 400 400 400 400
POST   /auth/refresh                                 401 401 401 401 401  401 401 401 401 401
POST   /auth/register                                202 202 202 202 202  202 202 202 202 202
POST   /auth/setup                                   409 409 409 409 409  409 409 409 409 409
POST   /auth/token                                   200 200 200 200 200  200 200 200 200 200
POST   /auth/unlock                                  400 400 400 400 400  400 400 400 400 400
POST   /auth/verify-email                            400 400 400 400 400  400 400 400 400 400
POST   /auth/verify-email/resend                     202 202 202 202 202  202 202 202 202 202
GET    /me                                           401 200 200 200 401  403 403 403 403 403
PATCH  /me                                           401 200 200 200 401  403 403 403 403 403
DELETE /me                                           401 204 204 409 401  403 403 403 403 403
GET    /me/2fa                                       401 200 200 200 401  403 403 403 403 403
PUT    /me/2fa/email                                 401 409 409 409 401  403 403 403 403 403
DELETE /me/2fa/email                                 401 404 404 404 401  403 403 403 403 403
POST   /me/2fa/recovery-codes                        401 409 409 409 401  403 403 403 403 403
POST   /me/2fa/totp                                  401 200 200 200 401  403 403 403 403 403
DELETE /me/2fa/totp                                  401 404 404 404 401  403 403 403 403 403
POST   /me/2fa/totp/confirm                          401 409 409 409 401  403 403 403 403 403
GET    /me/api-tokens                                401 200 200 200 401  403 403 403 403 403
POST   /me/api-tokens                                401 201 201 201 401  403 403 403 403 403
DELETE /me/api-tokens/{id}                           401 204 404 404 401  403 403 403 403 403
PUT    /me/email                                     401 202 202 202 401  403 403 403 403 403
GET    /me/notifications                             401 200 200 200 401  403 403 403 403 403
PATCH  /me/notifications                             401 200 200 200 401  403 403 403 403 403
POST   /me/export                                    401 200 200 200 401  403 403 403 403 403
PUT    /me/password                                  401 204 204 204 401  403 403 403 403 403
POST   /me/reauthenticate                            401 204 204 204 401  403 403 403 403 403
GET    /me/sessions                                  401 200 200 200 401  403 403 403 403 403
DELETE /me/sessions                                  401 204 204 204 401  403 403 403 403 403
DELETE /me/sessions/{id}                             401 204 404 404 401  403 403 403 403 403
GET    /users                                        401 403 403 200 401  403 403 403 200 403
GET    /users/{id}                                   401 403 403 200 401  403 403 403 200 403
PATCH  /users/{id}                                   401 403 403 200 401  403 403 403 403 403
DELETE /users/{id}                                   401 403 403 204 401  403 403 403 403 403
GET    /users/{id}/sessions                          401 403 403 200 401  403 403 403 200 403
DELETE /users/{id}/sessions                          401 403 403 204 401  403 403 403 204 403
DELETE /users/{id}/two-factor                        401 403 403 204 401  403 403 403 403 403
POST   /users/{id}/unlock                            401 403 403 200 401  403 403 403 200 403
POST   /invites                                      401 403 403 201 401  403 403 403 403 403
GET    /stats                                        401 403 403 200 401  403 403 403 200 403
GET    /audit                                        401 403 403 200 401  403 403 403 200 403
"""
OTHER_ANSWERS = """
GET    /media/{key}                                  200 200 200 200 401  200 403 403 200 200
GET    /health                                       200 200 200 200 200  200 200 200 200 200
GET    /health/live                                  200 200 200 200 200  200 200 200 200 200
GET    /health/ready                                 200 200 200 200 200  200 200 200 200 200
GET    /metrics                                      200 200 200 200 200  200 200 200 200 200
GET    /api                                          200 200 200 200 200  200 200 200 200 200
GET    /setup                                        422 422 422 422 422  422 422 422 422 422
POST   /setup                                        409 409 409 409 409  409 409 409 409 409
GET    /account/verify-email                         400 400 400 400 400  400 400 400 400 400
POST   /account/verify-email                         400 400 400 400 400  400 400 400 400 400
GET    /account/confirm-email                        400 400 400 400 400  400 400 400 400 400
POST   /account/confirm-email                        400 400 400 400 400  400 400 400 400 400
GET    /account/reset-password                       400 400 400 400 400  400 400 400 400 400
POST   /account/reset-password                       400 400 400 400 400  400 400 400 400 400
GET    /account/unlock                               400 400 400 400 400  400 400 400 400 400
POST   /account/unlock                               400 400 400 400 400  400 400 400 400 400
GET    /account/accept-invite                        400 400 400 400 400  400 400 400 400 400
POST   /account/accept-invite                        400 400 400 400 400  400 400 400 400 400
GET    /account/confirm-comment                      400 400 400 400 400  400 400 400 400 400
POST   /account/confirm-comment                      400 400 400 400 400  400 400 400 400 400
GET    /openapi.json                                 200 200 200 200 200  200 200 200 200 200
GET    /docs                                         200 200 200 200 200  200 200 200 200 200
GET    /redoc                                        200 200 200 200 200  200 200 200 200 200
GET    /docs/swagger.js                              200 200 200 200 200  200 200 200 200 200
GET    /docs/redoc.js                                200 200 200 200 200  200 200 200 200 200
"""
SECRET = re.compile("token|code|secret|password|api_?key")
REFUSED = range(400, 500)


def _declared(table: str, prefix: str) -> Iterator[tuple[str, dict[str, int]]]:
    for line in table.strip().splitlines():
        method, path, *codes = line.split()
        kinds = ENTRIES if "{section}" in path else TARGETS if "{target}" in path else [""]
        for kind in kinds:
            name = path.replace("{section}", kind).replace("{target}", kind)
            yield f"{method} {prefix}{name}", dict(zip(WHO, map(int, codes), strict=True))


DECLARED = {**dict(_declared(API_ANSWERS, API)), **dict(_declared(OTHER_ANSWERS, ""))}


# But for reports: after three the comment is hidden.
LASTING = {f"POST {API}/comments/{{id}}/report"}


def _changes(operation: str, who: str) -> bool:
    """Whether the next one would not find what this one did: no stranger leaves that behind."""
    answers = DECLARED[operation]
    is_for_all = operation.startswith("GET ") or answers["anonymous"] not in REFUSED
    return (operation in LASTING or not is_for_all) and answers[who] not in REFUSED


ALL = [(operation, who) for operation, answers in DECLARED.items() for who in answers]
CHANGING = [each for each in ALL if _changes(*each)]


@pytest.fixture
async def world(app: FastAPI, services: Services, tmp_path: Path) -> World:
    return await make_world(app, services, tmp_path)


@pytest.mark.requirement("37")
class TestEveryRoute:
    def test_is_declared(self, app: FastAPI) -> None:
        assert {name for name, _, _ in routes(app)} == DECLARED.keys()

    async def test_answers_as_declared_where_that_changes_nothing(self, world: World) -> None:
        asked = [each for each in ALL if not _changes(*each)]
        answers = [(*each, await _status(world, *each)) for each in asked]
        wrong = [each for each in answers if each[2] != DECLARED[each[0]][each[1]]]
        assert wrong == []

    @pytest.mark.parametrize(
        ("operation", "who"), CHANGING, ids=[" ".join(each) for each in CHANGING]
    )
    async def test_answers_as_declared(self, world: World, operation: str, who: str) -> None:
        assert await _status(world, operation, who) == DECLARED[operation][who]


@pytest.mark.requirement("37")
class TestDeclaration:
    """Rules that the table must not break, whoever edits it."""

    def test_lets_no_token_go_further_than_its_account(self) -> None:
        for name, answers in DECLARED.items():
            for token in TOKENS:
                account = "user" if token == "user's" else "admin"
                assert answers[token] in {answers[account], 403}, (name, token)

    def test_keeps_scripts_out_of_the_own_account(self) -> None:
        for name, answers in _below("me"):
            assert {answers[token] for token in TOKENS} == {403}, name

    def test_lets_nobody_write_with_a_scope_to_read(self) -> None:
        for name, answers in DECLARED.items():
            if not name.startswith("GET ") and answers["anonymous"] in REFUSED:
                assert answers["read"] in REFUSED, name
                assert answers["user's"] in REFUSED, name

    def test_keeps_other_scopes_out_of_administration(self) -> None:
        for name, answers in _below("users", "stats", "audit", "invites", "contact/messages"):
            assert {answers[who] for who in ("read", "write", "moderate", "user's")} == {403}, name


@pytest.mark.requirement("26")
class TestAddresses:
    def test_hold_no_secret(self, app: FastAPI) -> None:
        """But for links that work once, which are exchanged by POST, and previews of a draft."""
        found = {
            (operation["operationId"], parameter["name"])
            for operations in app.openapi()["paths"].values()
            for operation in operations.values()
            for parameter in operation.get("parameters", ())
            if parameter["in"] in {"path", "query"} and SECRET.search(parameter["name"])
        }
        assert found == {("get_post", "preview_token"), ("get_project", "preview_token")}


async def _status(world: World, operation: str, who: str) -> int:
    method, path = operation.split(" ")
    if path == f"{API}/events":
        method = "HEAD"  # A stream would not end.
    address = await world.address(path)
    sent = bodies(world).get(operation, {})
    return (await world.ask(who, method, address, **sent)).status_code


def _below(*nouns: str) -> Iterator[tuple[str, dict[str, int]]]:
    places = tuple(f"{API}/{noun}" for noun in nouns)
    for name, answers in DECLARED.items():
        if name.partition(" ")[2].startswith(places):
            yield name, answers
