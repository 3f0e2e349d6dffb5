from pathlib import Path

import pytest

from portfolio.core import environment
from portfolio.core.config.storage import StorageAddress, StorageSettings
from portfolio.core.environment import SettingsError


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))


def lines(monkeypatch: pytest.MonkeyPatch, **variables: str) -> list[str]:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        environment.load()
    return caught.value.lines


class TestStorageUrl:
    def test_is_a_folder_in_the_data_folder_by_default(self, tmp_path: Path) -> None:
        address = environment.load().storage.address
        assert (address.scheme, address.path) == ("file", str(tmp_path / "media"))

    @pytest.mark.parametrize(
        ("url", "scheme", "bucket", "path"),
        [
            ("file:///var/lib/my%20media", "file", "", "/var/lib/my media"),
            ("s3://media", "s3", "media", ""),
            ("s3://media.example.com/site/a/", "s3", "media.example.com", "site/a"),
            ("az://$web/site", "az", "$web", "site"),
            ("gs://my_media/site", "gs", "my_media", "site"),
        ],
    )
    def test_names_the_place(self, url: str, scheme: str, bucket: str, path: str) -> None:
        address = StorageAddress.parse(url)
        assert (address.scheme, address.bucket, address.path) == (scheme, bucket, path)

    def test_has_options_as_they_are_copied_from_a_console(self) -> None:
        address = StorageAddress.parse(
            "s3://media?endpoint=http://127.0.0.1:9000&secret_access_key=a+b/c==%26"
        )
        assert address.options == {
            "endpoint": "http://127.0.0.1:9000",
            "secret_access_key": "a+b/c==&",
        }

    @pytest.mark.parametrize(
        "url",
        [
            "media",
            "/var/lib/media",
            "file://media",
            "file://host/media",
            "file:///",
            "file:///media?region=x",
            "s3://",
            "s3:///media",
            "s3://me:open-sesame@media",
            "s3://media/../other",
            "s3://media#open-sesame",
            "s3://media?secret=open-sesame",
            "s3://media?secret_access_key=a&open-sesame",
            "az://media?region=x",
            "https://media.example.com",
        ],
    )
    def test_is_refused_where_it_makes_no_sense_without_its_secret(
        self, monkeypatch: pytest.MonkeyPatch, url: str
    ) -> None:
        (line,) = lines(monkeypatch, STORAGE_URL=url)
        assert line.startswith("STORAGE_URL: ")
        assert "sesame" not in line

    def test_is_not_shown_by_repr(self) -> None:
        assert "sesame" not in repr(
            StorageSettings(storage_url="s3://media?secret_access_key=sesame")
        )


class TestReaders:
    @pytest.mark.parametrize(
        "variables",
        [{"STORAGE_PUBLIC_URL": "https://cdn.example.com"}, {"STORAGE_SIGNED_URLS": "true"}],
    )
    def test_are_sent_to_buckets_only(
        self, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
    ) -> None:
        (line,) = lines(monkeypatch, **variables)
        assert line.endswith("only for a bucket in STORAGE_URL")
        monkeypatch.setenv("STORAGE_URL", "s3://media")
        assert environment.load().storage.address.bucket == "media"

    @pytest.mark.parametrize("url", ["cdn.example.com", "https://cdn.example.com/?a=b"])
    def test_are_sent_to_full_addresses_only(
        self, monkeypatch: pytest.MonkeyPatch, url: str
    ) -> None:
        (line,) = lines(monkeypatch, STORAGE_URL="s3://media", STORAGE_PUBLIC_URL=url)
        assert line.startswith("STORAGE_PUBLIC_URL: ")
