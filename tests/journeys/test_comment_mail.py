"""A guest's comment by mail: confirmed, decided about, answered, and then no more of it."""

import re
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
from tests.factories.post_offices import PostOffice
from tests.factories.servers import ADMIN, Server
from tests.factories.visitors import Owner
from tests.journeys.conftest import Manage, Serve

API = "/api/v1"
SITE = "https://site.example"
GUEST, OTHER = "guest@example.net", "other@example.net"
NAME = "Eve <b>Pay here</b>"
BODY = "Hello **world**\n\n<script>alert(1)</script>\n\nhttp://x.example/pay"
CONFIRM = re.compile(r"https://folio\.example/account/confirm-comment\?token=([\w.-]+)")


def mails_to(post_office: PostOffice, address: str) -> list[EmailMessage]:
    box = post_office.mailbox
    pairs = zip(box.recipients, box.mails, strict=True)
    return [mail for recipient, mail in pairs if recipient == address]


async def comments(server: Server, post: int, address: str) -> None:
    async with server.client() as guest:
        answer = await guest.post(
            f"{API}/posts/{post}/comments", json={"body": BODY, "name": NAME, "email": address}
        )
        assert answer.status_code == 202, answer.text


async def confirms(server: Server, post_office: PostOffice) -> int:
    letter = await post_office.letter(GUEST, "Confirm your comment at Folio")
    # Whoever entered the address: their words do not reach it.
    for word in ("Eve", "Pay", "Hello", "x.example"):
        assert word not in letter.subject + letter.text + letter.html
    (token,) = set(CONFIRM.findall(letter.text))
    async with server.client() as guest:
        answer = await guest.post(f"{API}/comments/confirm", json={"token": token})
        assert answer.status_code == 200, answer.text
        return int(answer.json()["id"])


async def is_announced_to_the_owner(post_office: PostOffice, comment: int) -> None:
    letter = await post_office.letter(ADMIN, "A comment on Hello waits for you")
    lines = letter.text.splitlines()
    assert "> Hello world" in lines
    assert f"{SITE}/posts/hello#comment-{comment}" in lines
    assert "<script" not in letter.html
    assert "<b>" not in letter.html
    assert "Eve &lt;b&gt;Pay here&lt;/b&gt;" in letter.html


async def is_answered(owner: Owner, post: int, comment: int) -> None:
    await owner.post(f"/posts/{post}/comments", 201, body="Thank you!", parent_id=comment)


async def unsubscribes(server: Server, mail: EmailMessage) -> None:
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Id"] == "<comments.folio.example>"
    address = urlsplit(mail["List-Unsubscribe"].strip("<>"))
    assert f"{address.scheme}://{address.netloc}" == "https://folio.example"
    async with server.client() as program:
        for _ in range(2):
            answer = await program.post(
                f"{address.path}?{address.query}", data={"List-Unsubscribe": "One-Click"}
            )
            assert answer.status_code == 200


@pytest.mark.requirement("87")
async def test_a_guest_is_told_what_they_want_to_know_and_no_more(
    serve: Serve, manage: Manage, post_office: PostOffice
) -> None:
    server = await serve(
        SMTP_URL=post_office.url,
        MAIL_FROM="Folio <no-reply@folio.example>",
        SITE_URL=SITE,
        COMMENTS_MIN_SECONDS="0",
    )
    owner = await manage(server)
    post = (await owner.post("/posts", 201, title="Hello", status="published"))["id"]

    await comments(server, post, GUEST)
    comment = await confirms(server, post_office)
    await is_announced_to_the_owner(post_office, comment)
    assert len(mails_to(post_office, GUEST)) == 1
    await owner.post("/comments/moderate", 200, ids=[comment], action="approve")

    await is_answered(owner, post, comment)
    await post_office.letter(GUEST, "An answer to your comment on Hello")
    mail = mails_to(post_office, GUEST)[-1]
    await unsubscribes(server, mail)
    await is_answered(owner, post, comment)
    # What comes later is here, so there is nothing on its way; this mail nobody can end.
    await comments(server, post, OTHER)
    await post_office.letter(OTHER, "Confirm your comment at Folio")
    assert len(mails_to(post_office, GUEST)) == 2
    # Who decides, and who answers, is not told of it.
    about = [mail["Subject"] for mail in mails_to(post_office, ADMIN)]
    assert [subject for subject in about if "comment" in subject.lower()] == [
        "A comment on Hello waits for you"
    ]
