import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from portfolio.adapters.limiter.policy import LimitName, policies
from portfolio.core.config import LimitSettings, RedisSettings


class TestQuota:
    @pytest.mark.parametrize(
        "text", ["10/minute", "10 per minute; 60/hour", "3/15 minutes,10/day", "1/SECOND|5/year"]
    )
    def test_is_written_as_the_limits_library_reads_it(self, text: str) -> None:
        assert LimitSettings(login=text).quotas["login"] == text

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("", "write it like"),
            ("10", "write it like"),
            ("ten/minute", "write it like"),
            ("-1/minute", "write it like"),
            ("10/fortnight", "write it like"),
            ("10/minute;", "write it like"),
            ("0/minute", "between 1 and"),
            ("9999999999/minute", "between 1 and"),
            ("5/2 years", "a year is the longest"),
            ("10/minute;20/60 seconds", "each window once"),
        ],
    )
    def test_is_refused_in_plain_words(self, text: str, complaint: str) -> None:
        with pytest.raises(ValidationError) as refused:
            LimitSettings(login=text)
        (error,) = refused.value.errors()
        assert complaint in error["msg"]

    def test_has_the_name_of_its_variable(self) -> None:
        assert LimitSettings().quotas.keys() == {*LimitName}

    def test_becomes_a_window_for_each_part(self) -> None:
        policy = policies(LimitSettings().quotas)[LimitName.TWO_FACTOR_MAIL]
        assert [(each.label, each.amount, each.seconds) for each in policy.windows] == [
            ("two_factor_mail", 3, 900),
            ("two_factor_mail_day", 10, 86_400),
        ]


class TestRedisUrl:
    @pytest.mark.parametrize(
        "url",
        ["redis://localhost", "rediss://:secret@example.com:6380/1", "unix:///run/redis.sock"],
    )
    def test_is_an_address(self, url: str) -> None:
        assert RedisSettings(url=url).url == url

    @pytest.mark.parametrize("url", ["localhost:6379", "http://localhost", "redis://"])
    def test_is_nothing_else(self, url: str) -> None:
        with pytest.raises(ValidationError, match="redis://localhost:6379/0"):
            RedisSettings(url=url)

    def test_shows_its_password_to_nobody(self) -> None:
        assert "hush" not in repr(RedisSettings(url="redis://:hush@localhost"))
        with pytest.raises(ValidationError) as refused:
            RedisSettings(url="http://:hush@localhost")
        assert "hush" not in str(refused.value.errors(include_input=False))

    def test_asks_for_the_client(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("portfolio.core.config.redis.find_spec", lambda _name: None)
        with pytest.raises(ValidationError, match=r"portfolio-backend\[redis\]"):
            RedisSettings(url="redis://localhost")

    def test_costs_nothing_where_there_is_none(self, tmp_path: Path) -> None:
        code = "import sys, portfolio.main; sys.exit('redis.asyncio' in sys.modules)"
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
        ended = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", code], cwd=tmp_path, env=environment, check=False
        )
        assert ended.returncode == 0
        assert importlib.util.find_spec("redis")
