import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from pydantic import TypeAdapter, ValidationError
from tests.factories.resumes import resumes

from portfolio.core.clock import utc_now
from portfolio.models.projections import ProfileDetail
from portfolio.schemas.resume import ResumeDocument
from portfolio.services.resume import put_together, take_apart

check: TypeAdapter[Any] = TypeAdapter(ResumeDocument)


def there_and_back(document: Any) -> Any:
    parts = take_apart(check.validate_python(document))
    for rows in parts.sections.values():
        for row in rows:
            row.extras = json.loads(json.dumps(row.extras))
    return put_together(
        ProfileDetail(
            id=1,
            username="owner",
            summary_html=None,
            created_at=utc_now(),
            updated_at=utc_now(),
            version=1,
            extras=json.loads(json.dumps(parts.extras)),
            **parts.columns,
            **parts.sections,  # type: ignore[arg-type]  # lists of Section, by the name of the field
        )
    )


def text(document: Any) -> str:
    """JSON tells 1, 1.0 and true apart; Python's comparison does not."""
    return json.dumps(document, sort_keys=True)


class TestThereAndBack:
    @settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(resumes)
    def test_changes_nothing(self, document: dict[str, Any]) -> None:
        assert text(there_and_back(document)) == text(document)

    @pytest.mark.parametrize(
        "document",
        [
            {},
            {"basics": {}},
            {"basics": {"location": {}}},
            {"basics": {"profiles": []}},
            {"basics": {"profiles": [{}]}},
            {"work": []},
            {"work": [{}, {"name": ""}, {"highlights": []}]},
            {"basics": {"location": {"city": "", "planet": None}}},
            {"basics": {"company": "a column's name"}, "version": 3, "extras": {"basics": 1}},
        ],
        ids=str,
    )
    def test_keeps_absent_and_empty_apart(self, document: dict[str, Any]) -> None:
        assert text(there_and_back(document)) == text(document)

    def test_leaves_the_document_alone(self) -> None:
        document = {"basics": {"name": "A", "location": {"city": "B"}}, "work": [{"x": [1]}]}
        before = text(document)
        take_apart(check.validate_python(document))
        assert text(document) == before


class TestTakeApart:
    def test_fills_the_columns_of_the_profile(self) -> None:
        document = {"basics": {"label": "Gardener", "location": {"countryCode": "FR"}}}
        parts = take_apart(check.validate_python(document))
        assert parts.columns["headline"] == "Gardener"
        assert parts.columns["country_code"] == "FR"
        assert parts.columns["name"] is None

    def test_fills_the_columns_of_a_section(self) -> None:
        document = {"work": [{"name": "Acme", "position": "Chief", "startDate": "2020-01"}]}
        [row] = take_apart(check.validate_python(document)).sections["experience"]
        assert (row.company, row.title, row.started_on) == ("Acme", "Chief", "2020-01")  # type: ignore[attr-defined]  # it is an Experience

    def test_makes_social_links_of_profiles(self) -> None:
        document = {"basics": {"profiles": [{"network": "Mastodon"}]}}
        [row] = take_apart(check.validate_python(document)).sections["social_links"]
        assert row.network == "Mastodon"  # type: ignore[attr-defined]  # it is a SocialLink


class TestCheck:
    @pytest.mark.parametrize(
        ("document", "path"),
        [
            ({"basics": {"name": None}}, "basics.name"),
            ({"work": None}, "work"),
            ({"work": {}}, "work"),
            ({"work": ["text"]}, "work.0"),
            ({"work": [{"highlights": [1]}]}, "work.0.highlights.0"),
            ({"work": [{"startDate": "yesterday"}]}, "work.0.startDate"),
            ({"work": [{"startDate": ""}]}, "work.0.startDate"),
            ({"work": [{"name": "x" * 301}]}, "work.0.name"),
            ({"volunteer": [{"summary": 1}]}, "volunteer.0.summary"),
            ({"skills": [{}] * 201}, "skills"),
            ({"basics": {"url": "javascript:alert(1)"}}, "basics.url"),
            ({"basics": {"image": "\x01 Java\tScript:alert(1)"}}, "basics.image"),
            ({"projects": [{"url": "data:text/html,x"}]}, "projects.0.url"),
            ({"$schema": 1}, "$schema"),
            ({"meta": []}, "meta"),
            ({"x": {"y": ["a", "b\0"]}}, "x.y.1"),
            ({"x": {"y": "\ud800"}}, "x.y"),
            ({"x": {"y\0": 1}}, "x"),
            ({"x": [float("nan")]}, "x.0"),
            ({"x": [0] * 20_000}, ""),
            ([], ""),
        ],
    )
    def test_names_the_place_that_is_wrong(self, document: Any, path: str) -> None:
        with pytest.raises(ValidationError) as caught:
            check.validate_python(document)
        assert [".".join(map(str, error["loc"])) for error in caught.value.errors()] == [path]

    def test_refuses_deep_nesting(self) -> None:
        def nested(levels: int) -> Any:
            return [nested(levels - 1)] if levels else 1

        check.validate_python({"x": nested(19)})
        with pytest.raises(ValidationError, match="deeper than 20"):
            check.validate_python({"x": nested(20)})

    def test_takes_null_where_the_standard_says_nothing(self) -> None:
        assert check.validate_python({"x": None}) == {"x": None}
