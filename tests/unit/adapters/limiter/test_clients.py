import pytest

from portfolio.adapters.limiter.clients import bucket, client_key
from portfolio.core.context import RequestContext, enter


@pytest.mark.requirement("18")
class TestBucket:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
            ("2001:DB8:1:2::1", "2001:0db8:1:2::0001"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("::ffff:c000:201", "192.0.2.1"),
            ("fe80::1%eth0", "fe80::1%eth1"),
        ],
    )
    def test_is_the_same_for_one_subscriber(self, one: str, other: str) -> None:
        assert bucket(one) == bucket(other)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("192.0.2.1", "192.0.2.2"),
            ("2001:db8:1:2::1", "2001:db8:1:3::1"),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2"),
        ],
    )
    def test_is_another_for_another(self, one: str, other: str) -> None:
        assert bucket(one) != bucket(other)

    def test_is_there_for_whoever_has_no_address(self) -> None:
        assert bucket("-") == "-"

    def test_is_that_of_the_present_request(self) -> None:
        enter(RequestContext(client="2001:db8:1:2::7"))
        assert client_key() == "2001:db8:1:2::/64"
        enter(RequestContext())
