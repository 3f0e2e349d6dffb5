"""Everything that has to do with secrets, done rightly and wrongly; and then the search for them."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.factories.back_doors import all_rows
from tests.factories.canaries import Canaries, Listener
from tests.factories.mail_servers import PASSWORD as SMTP_PASSWORD
from tests.factories.post_offices import PostOffice
from tests.factories.redis import RedisServer, keys_in
from tests.factories.servers import HOST, VARIABLES, Server
from tests.factories.users import bearing
from tests.factories.visitors import Owner, Visitor
from tests.journeys.conftest import Manage, Serve, Visit

from portfolio.adapters.redis import RedisLink

pytestmark = [pytest.mark.requirement(number) for number in ("26", "79")]
SETTINGS = {"SECRET_KEY", "PASSWORD_PEPPER", "ADMIN_PASSWORD"}
UPGRADE = """GET /api/v1/me?access_token={token} HTTP/1.1
Host: folio.example
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
Authorization: Bearer {token}
Cookie: session={password}; __Host-device={device}

"""


@pytest.fixture
def canaries() -> Canaries:
    made = Canaries()
    for name in SETTINGS:
        made.add(name, VARIABLES[name])
    made.add("SMTP_URL", SMTP_PASSWORD)
    return made


async def signs_up(ada: Visitor, canaries: Canaries) -> None:
    canaries.add("password", ada.password)
    await ada.register()
    first = (await ada.letter("Confirm your e-mail address")).token("/verify-email")
    canaries.add("link that was replaced", first)
    await ada.register()
    letter = await ada.letter("Confirm your e-mail address", number=2)
    token = canaries.add("link that verifies", letter.token("/verify-email"))
    await ada.client.get("/account/verify-email", params={"token": token})
    await ada.post("/auth/verify-email", 204, token=token)
    await ada.post("/auth/verify-email", 400, token=token)


async def logs_in(ada: Visitor, canaries: Canaries) -> None:
    canaries.add_all("login", await ada.log_in())
    canaries.add("device cookie", ada.device)
    token = ada.tokens["access_token"]
    canaries.add("signature of an access token", token.rpartition(".")[2])
    form = {"username": ada.name, "password": ada.password, "grant_type": "password"}
    canaries.add_all("form", (await ada.client.post("/api/v1/auth/token", data=form)).json())
    canaries.add_all("refresh", await ada.refresh())


async def uses_second_factors(ada: Visitor, canaries: Canaries) -> None:
    enrolment = canaries.add_all("enrolment", await ada.post("/me/2fa/totp", 200))
    canaries.add("QR code", enrolment["otpauth_uri"])
    await ada.post("/me/2fa/totp/confirm", 422, code=f"{enrolment['secret']}")
    app, recovery_codes = await ada.enrol()
    for code in recovery_codes:
        canaries.add("recovery code", code)
    await ada.ask("PUT", "/me/2fa/email", 200)
    first = canaries.add("TOTP code", app.code())
    challenge = canaries.add_all("challenge", await ada.log_in())
    await ada.post("/auth/2fa/send", 202, challenge_token=challenge["challenge_token"])
    mailed = canaries.add("code by mail", (await ada.letter("Your sign-in code")).code())
    await ada.prove(challenge, "email", mailed, 200)
    for code in (mailed, first, recovery_codes[0]):
        await ada.prove(challenge, "email", code, 401)
    for method, code in (("totp", first), ("recovery_code", recovery_codes[1])):
        challenge = canaries.add_all("challenge", await ada.log_in())
        canaries.add_all("second step", await ada.prove(challenge, method, code))
    for code in (await ada.post("/me/2fa/recovery-codes", 200))["recovery_codes"]:
        canaries.add("new recovery code", code)
    await ada.post("/me/reauthenticate", 401, method="totp", code=first)


async def changes_everything(ada: Visitor, canaries: Canaries) -> None:
    issued = await ada.post("/me/api-tokens", 201, name="Build", scopes=["content:read"])
    canaries.add_all("API token", issued)
    answer = await ada.client.get("/api/v1/posts", headers=bearing(issued["token"]))
    assert answer.status_code == 200
    await ada.ask("PUT", "/me/email", 202, email="ada@example.net")
    old, ada.email = ada.email, "ada@example.net"
    letter = await ada.letter("Confirm your new e-mail address")
    await ada.post("/auth/verify-email", 204, token=canaries.add("link", _token(letter)))
    assert old != ada.email
    new = canaries.add("new password", "cobalt lanterns drift")
    change = {"current_password": ada.password, "new_password": new}
    await ada.ask("PUT", "/me/password", 204, **change)
    await ada.ask("PUT", "/me/password", 403, **change)
    ada.password = new


async def is_locked_out(ada: Visitor, canaries: Canaries) -> None:
    canaries.add_all("challenge", await ada.log_in())
    guess = canaries.add("wrong password", "magenta ladders fall")
    for _ in range(5):
        await ada.log_in(401, password=guess)
    await ada.log_in(429)
    token = canaries.add("link that unlocks", (await ada.letter("Sign-in")).token("/unlock"))
    await ada.post("/auth/unlock", 204, token=token)
    await ada.post("/auth/password/forgot", 202, email=ada.email)
    reset = (await ada.letter("Choose a new password")).token("/reset-password")
    canaries.add("link that resets", reset)
    ada.password = canaries.add("password after a reset", "silver orchards wake")
    await ada.post("/auth/password/reset", 422, token=ada.password, password=reset[:7])
    await ada.post("/auth/password/reset", 204, token=reset, password=ada.password)


async def manages(owner: Owner, canaries: Canaries) -> None:
    canaries.add_all("owner", owner.tokens)
    invite = await owner.post("/invites", 201, email="guest@example.com")
    canaries.add_all("invitation", invite)
    post = await owner.post("/posts", 201, title="A draft")
    link = canaries.add_all("preview", await owner.post(f"/posts/{post['id']}/preview-links", 201))
    path = f"/api/v1/posts/{post['slug']}?preview_token={link['token']}"
    assert (await owner.client.get(path)).status_code == 200


async def puts_secrets_where_they_do_not_belong(ada: Visitor, server: Server) -> None:
    client, password, api = ada.client, ada.password, "/api/v1"
    token = (await ada.log_in())["challenge_token"]
    bodies: list[dict[str, Any]] = [
        {"identifier": password, "password": password},
        {"identifier": ada.email, "passwort": password},
        {"identifier": ada.email, "password": [password]},
        {"identifier": ada.email, "password": {"plain": password}},
        {"identifier": ada.email, "password": password * 20},
        {"email": password, "username": password, "password": password},
        {"email": ada.email, "username": "ada", "password": password, "role": password},
        {"refresh_token": password},
        {"challenge_token": token, "method": password, "code": password},
        {"token": password, "password": token},
    ]
    paths = ["/auth/login", "/auth/register", "/auth/refresh", "/auth/2fa/verify"]
    paths += ["/auth/2fa/send", "/auth/password/reset", "/auth/unlock", "/auth/verify-email"]
    for body in bodies:
        for path in paths:
            assert (await client.post(api + path, json=body)).is_error
    broken = f'{{"identifier": "ada", "password": "{password}'.encode()
    for content in (broken, broken + b'\xff\xfe"}', broken + b'"}]', b"[" * 5000 + broken):
        for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x"):
            headers = {"Content-Type": kind}
            assert (
                await client.post(f"{api}/auth/login", content=content, headers=headers)
            ).is_error
    for name in ("token", "access_token", "refresh_token", "password", "code", "q"):
        for path in ("/api/v1/me", "/api/v1/posts", "/account/reset-password", "/nowhere"):
            await client.get(path, params={name: password, "token": token})
    for value in (f"Basic {password}", f"Token {token}", f"Bearer {password}", f"Bearer {token} x"):
        assert (await client.get(f"{api}/me", headers={"Authorization": value})).is_error
    cookies = {"Cookie": f"__Host-device={token}; session={password}"}
    assert (await client.post(f"{api}/auth/login", json=bodies[0], headers=cookies)).is_error
    await asks_for_a_websocket(server, token=token, password=password, device=ada.device)


async def asks_for_a_websocket(server: Server, **secrets: str) -> None:
    reader, writer = await asyncio.open_connection(HOST, int(server.url.rpartition(":")[2]))
    writer.write(UPGRADE.format(**secrets).replace("\n", "\r\n").encode())
    assert (await reader.readline()).split()[1].startswith(b"4")
    writer.close()


async def what_redis_holds(redis: RedisServer) -> str:
    link = RedisLink(redis.url)
    try:
        keys = await keys_in(link)
        kinds = {key: await link.client.type(key) for key in keys}
        held = {b"string": link.client.get, b"stream": link.client.xrange}
        return str([(key, await held[kinds[key]](key)) for key in keys])
    finally:
        await link.close()


def _token(letter: Any) -> str:
    return str(letter.token("/confirm-email"))


async def test_no_secret_stands_where_others_read(
    serve: Serve,
    visit: Visit,
    manage: Manage,
    post_office: PostOffice,
    redis: RedisServer,
    canaries: Canaries,
    database_url: str,
    tmp_path: Path,
) -> None:
    server = await serve(
        SMTP_URL=post_office.url,
        MAIL_FROM="no-reply@folio.example",
        REDIS_URL=redis.url,
        LOG_LEVEL="debug",
    )
    ada, owner, listener = await visit(server), await manage(server), Listener()
    for visitor in (ada, owner):
        visitor.client.event_hooks = {"response": [listener]}
        visitor.client.headers["Idempotency-Key"] = str(uuid4())
    await signs_up(ada, canaries)
    await logs_in(ada, canaries)
    await uses_second_factors(ada, canaries)
    await changes_everything(ada, canaries)
    await is_locked_out(ada, canaries)
    await manages(owner, canaries)
    await puts_secrets_where_they_do_not_belong(ada, server)

    rows, audit = await all_rows(database_url), str(await owner.audit())
    settings = await server.command("settings")
    # What is looked through is not empty.
    assert "ada@example.net" in rows
    assert "user:password_reset" in audit
    assert "SECRET_KEY" in settings.stdout
    found = {
        "database": canaries.found_in(rows),
        "files": canaries.found_below(tmp_path),
        "redis": canaries.found_in(await what_redis_holds(redis)),
        "audit": canaries.found_in(audit),
        "errors": canaries.found_in("\n".join(listener.refusals)),
        "settings": canaries.found_in(settings.stdout + settings.stderr),
    }
    await server.stop()
    assert "/api/v1/auth/login" in server.output()
    found["log"] = canaries.found_in(server.output())
    assert {place: names for place, names in found.items() if names} == {}
