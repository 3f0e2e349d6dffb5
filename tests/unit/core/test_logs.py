import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from portfolio.core import context, logs
from portfolio.core.config import LoggingSettings

pytestmark = [pytest.mark.requirement("78"), pytest.mark.requirement("80")]

Lines = Callable[[], list[dict[str, Any]]]
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.fixture(autouse=True)
def leave_no_trace() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    root.handlers = handlers
    root.setLevel(level)
    context.enter(context.RequestContext())


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def lines(stream: io.StringIO) -> Lines:
    logs.configure(LoggingSettings(format="json", level="info"), stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def fail(message: str) -> None:
    raise RuntimeError(message)


def log_failure(message: str) -> None:
    try:
        fail(message)
    except RuntimeError:
        structlog.get_logger().exception("failed")


class TestLine:
    def test_tells_when_how_grave_and_what(self, lines: Lines) -> None:
        structlog.get_logger().warning("disk.full", free=0)
        (line,) = lines()
        assert line.pop("timestamp").endswith("Z")
        assert line == {"level": "warning", "event": "disk.full", "free": 0}

    def test_tells_who_asked(self, lines: Lines) -> None:
        context.enter(context.RequestContext("req-1", 42, "203.0.113.9"))
        structlog.get_logger().info("post.created")
        (line,) = lines()
        assert (line["request_id"], line["actor"], line["client"]) == ("req-1", 42, "203.0.113.9")

    def test_leaves_out_what_is_below_the_level(self, lines: Lines) -> None:
        structlog.get_logger().debug("detail")
        logging.getLogger("uvicorn").debug("detail")
        assert lines() == []

    def test_is_the_same_for_the_standard_library(self, lines: Lines) -> None:
        context.enter(context.RequestContext("req-1"))
        logging.getLogger("uvicorn.error").info("Started %s", "server")
        (line,) = lines()
        assert (line["event"], line["level"]) == ("Started server", "info")
        assert (line["logger"], line["request_id"]) == ("uvicorn.error", "req-1")

    def test_is_written_once_however_often_it_is_configured(
        self, lines: Lines, stream: io.StringIO
    ) -> None:
        logs.configure(LoggingSettings(format="json"), stream)
        logging.getLogger("some.library").info("done")
        assert len(lines()) == 1

    def test_carries_warnings(self, lines: Lines) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(capture=False)
            logging.captureWarnings(capture=True)
            warnings.warn("old", DeprecationWarning, stacklevel=1)
        assert lines()[0]["logger"] == "py.warnings"

    def test_does_not_hold_statements_of_the_database(self, lines: Lines) -> None:
        logging.getLogger("sqlalchemy.engine").info("INSERT INTO users")
        assert lines() == []

    @pytest.mark.parametrize(
        "text", ["a\nb", "a\r\nb", "\x1b[31mred", "\N{LINE SEPARATOR}", "\x00"]
    )
    def test_stays_one_line(self, lines: Lines, stream: io.StringIO, text: str) -> None:
        structlog.get_logger().info(text, value=text, nested={text: [text]})
        logging.getLogger("other").warning(text)
        assert len(stream.getvalue().splitlines()) == 2
        assert "\x1b" not in stream.getvalue()
        assert lines()[0]["value"] == text

    def test_carries_a_traceback(self, lines: Lines) -> None:
        log_failure("broken")
        (line,) = lines()
        assert "RuntimeError: broken" in line["exception"]
        assert line["level"] == "error"


class TestMask:
    @pytest.mark.parametrize(
        "key",
        [
            "password",
            "new_password",
            "refresh_token",
            "client_secret",
            "Authorization",
            "set_cookie",
            "code",
            "recovery_codes",
            "password_pepper",
            "api_key",
            "apikey",
        ],
    )
    def test_hides_what_is_called_a_secret(self, key: str) -> None:
        assert logs.masked({key: "hunter2", "inner": [{key: "hunter2"}]}) == {
            key: "***",
            "inner": [{key: "***"}],
        }

    @pytest.mark.parametrize("key", ["status_code", "codec", "path", "author"])
    def test_leaves_other_names_alone(self, key: str) -> None:
        assert logs.masked({key: "x"}) == {key: "x"}

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (f"sent Bearer {JWT}", "sent Bearer ***"),
            ("bearer abc.def-ghi", "bearer ***"),
            ("Basic dXNlcjpwYXNz", "Basic ***"),
            (f"got {JWT}!", "got ***!"),
            ("made pfl_Zk3vQ-7yN1tRb0_mXw2eUa9sHd4cLp6g", "made ***"),
            ("https://a.tld/reset?token=abc&x=1", "https://a.tld/reset?token=***&x=1"),
            (
                "s3://b/p?secret_access_key=a/+=b&region=x",
                "s3://b/p?secret_access_key=***&region=x",
            ),
            (
                "http://b/k?X-Amz-Expires=9&X-Amz-Signature=ab",
                "http://b/k?X-Amz-Expires=9&X-Amz-Signature=***",
            ),
            ("https://b/k?se=2026&sig=a%2Bb", "https://b/k?se=2026&sig=***"),
            ("/media/ab/c.jpg?signed=1795.a-b_c", "/media/ab/c.jpg?signed=***"),
            ("postgresql://me:hunter2@db/x", "postgresql://me:***@db/x"),
            ("an ordinary sentence = fine", "an ordinary sentence = fine"),
        ],
    )
    def test_hides_what_looks_like_one(self, text: str, expected: str) -> None:
        assert logs.masked(text) == expected

    def test_reaches_the_line(self, lines: Lines, stream: io.StringIO) -> None:
        structlog.get_logger().info("login", password="hunter2", header=f"Bearer {JWT}")
        logging.getLogger("other").warning("cookie: token=1 Bearer hunter2")
        assert "hunter2" not in stream.getvalue()
        assert JWT not in stream.getvalue()

    def test_reaches_tracebacks(self, lines: Lines, stream: io.StringIO) -> None:
        log_failure("cannot connect to postgresql://me:hunter2@db")
        assert "hunter2" not in stream.getvalue()

    def test_does_not_follow_a_circle(self) -> None:
        circle: dict[str, Any] = {}
        circle["self"] = circle
        assert "***" in str(logs.masked(circle))


class TestConsole:
    def test_shows_control_characters_instead_of_obeying_them(self, stream: io.StringIO) -> None:
        logs.configure(LoggingSettings(format="console"), stream)
        structlog.get_logger().info("a\nb", value="\x1b[31m\r\n")
        assert len(stream.getvalue().splitlines()) == 1
        assert "\x1b" not in stream.getvalue()

    def test_is_not_chosen_by_itself_for_a_file(self, stream: io.StringIO) -> None:
        logs.configure(LoggingSettings(format="auto"), stream)
        structlog.get_logger().info("started")
        assert json.loads(stream.getvalue())["event"] == "started"
