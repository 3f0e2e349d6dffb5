import pytest

from portfolio.core.web_addresses import leads_within, origin_of

KNOWN = ["https://good.tld", "https://www.other.tld:8443/thanks", "http://plain.tld/a/"]


class TestLeadsWithin:
    @pytest.mark.parametrize(
        "address",
        [
            "https://good.tld",
            "https://good.tld/",
            "https://good.tld/thanks?sent=1#top",
            "https://good.tld:443/thanks",
            "HTTPS://GOOD.tld/thanks",
            "https://good.tld/?next=//evil.tld",
            "https://good.tld//double",
            "https://www.other.tld:8443/thanks",
            "https://www.other.tld:8443/thanks?sent=1",
            "https://www.other.tld:8443/thanks/you",
            "http://plain.tld/a/b",
        ],
    )
    def test_is_so_for_what_is_known_and_what_lies_below(self, address: str) -> None:
        assert leads_within(address, KNOWN)

    @pytest.mark.parametrize(
        "address",
        [
            "",
            "/thanks",
            "//good.tld",
            "///good.tld",
            "https:good.tld",
            "https:/good.tld",
            "https:///good.tld",
            "http://good.tld",
            "ftp://good.tld",
            "javascript:alert(1)//https://good.tld",
            "data:text/html,https://good.tld",
            "https://good.tld.evil",
            "https://good.tldevil",
            "https://evil.tld/https://good.tld",
            "https://good.tld@evil.tld",
            "https://good.tld:443@evil.tld",
            "https://user@good.tld",
            "https://evil.tld\\@good.tld",
            "https://good.tld\\.evil.tld",
            "https:\\\\good.tld",
            "https://good.tld:444",
            "https://good.tld:99999",
            "https://good.tld:x",
            "https://[good.tld",
            "https://good.tld%00.evil.tld",
            "https://good\u3002tld",
            "https://good.tld\uff0fevil",
            " https://good.tld",
            "https://good.tld/\r\nSet-Cookie: a=b",
            "https://good.tld/\ta",
            "ht\ntps://good.tld",
            "https://good.tld/a b",
            "https://good.tld/\x00",
            "https://good.tld/\u2028",
            "https://www.other.tld:8443/",
            "https://www.other.tld:8443/thanksgiving",
            "https://www.other.tld:8443/thanks/../admin",
            "https://www.other.tld:8443/thanks/%2e%2E/admin",
            "https://www.other.tld:8443/thanks/.%2e/admin",
            "https://www.other.tld/thanks",
            "http://plain.tld/a",
            "http://plain.tld/ab",
        ],
    )
    def test_is_not_so_for_anything_else(self, address: str) -> None:
        assert not leads_within(address, KNOWN)

    def test_is_so_for_nothing_where_nothing_is_known(self) -> None:
        assert not leads_within("https://good.tld", [])


class TestOriginOf:
    def test_is_what_a_policy_names(self) -> None:
        assert list(map(origin_of, KNOWN)) == [
            "https://good.tld",
            "https://www.other.tld:8443",
            "http://plain.tld",
        ]
