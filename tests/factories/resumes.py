"""Any résumé that JSON Resume 1.0.0 allows, with what it does not know at every level."""

from typing import Any

from hypothesis import strategies as st

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
links = st.sampled_from(["", "https://example.com/ä?q=1#top", "mailto:me@example.com", "me"])
dates = st.from_regex(r"[12][0-9]{3}(-[01][0-9](-[0-3][0-9])?)?", fullmatch=True)
lists = st.lists(texts, max_size=3)
# Names that mean something to the columns, to Python or to pydantic must not matter here.
names = st.sampled_from(["extras", "id", "company", "version", "model_fields", "$id", ""]) | texts
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(-1e18, 1e18) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
    max_leaves=4,
)


def _open(**known: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    unknown = st.dictionaries(names.filter(lambda name: name not in known), values, max_size=2)
    given = st.fixed_dictionaries({}, optional=known)
    return st.builds(lambda more, some: {**more, **some}, unknown, given)


def _some(**known: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(_open(**known), max_size=2)


_period = {"startDate": dates, "endDate": dates}

resumes = _open(
    **{"$schema": texts},
    basics=_open(
        name=texts,
        label=texts,
        image=links,
        email=texts,
        phone=texts,
        url=links,
        summary=texts,
        location=_open(
            address=texts, postalCode=texts, city=texts, countryCode=texts, region=texts
        ),
        profiles=_some(network=texts, username=texts, url=links),
    ),
    work=_some(
        name=texts,
        location=texts,
        description=texts,
        position=texts,
        url=links,
        summary=texts,
        highlights=lists,
        **_period,
    ),
    volunteer=_some(
        organization=texts,
        position=texts,
        url=links,
        summary=texts,
        highlights=lists,
        **_period,
    ),
    education=_some(
        institution=texts,
        url=links,
        area=texts,
        studyType=texts,
        score=texts,
        courses=lists,
        **_period,
    ),
    awards=_some(title=texts, date=dates, awarder=texts, summary=texts),
    certificates=_some(name=texts, date=dates, url=links, issuer=texts),
    publications=_some(name=texts, publisher=texts, releaseDate=dates, url=links, summary=texts),
    skills=_some(name=texts, level=texts, keywords=lists),
    languages=_some(language=texts, fluency=texts),
    interests=_some(name=texts, keywords=lists),
    references=_some(name=texts, reference=texts),
    projects=_some(
        name=texts,
        description=texts,
        highlights=lists,
        keywords=lists,
        roles=lists,
        url=links,
        entity=texts,
        type=texts,
        **_period,
    ),
    meta=_open(canonical=links, version=texts, lastModified=texts),
)
