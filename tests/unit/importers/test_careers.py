from collections.abc import Callable

from portfolio.importers.documents import Document

Reader = Callable[..., Document]
JOB = "title: Engineer\ncompany: Acme\nlocation: Boston, MA\nurl: https://acme.example"


class TestJob:
    def test_has_a_company_a_role_a_place_and_an_address(self, read: Reader) -> None:
        job = read(f"{JOB}\nrange: July - December 2017", name="jobs/Acme/index.md")
        assert (job.company, job.role, job.location) == ("Acme", "Engineer", "Boston, MA")
        assert (job.url, job.links, job.aliases) == ("https://acme.example", {}, [])

    def test_keeps_its_period_as_dates_and_as_text(self, read: Reader) -> None:
        job = read(f"{JOB}\nrange: May 2018 - Present", name="jobs/a.md")
        assert (job.started_on, job.ended_on, job.is_current) == ("2018-05", None, True)
        assert job.range_text == "May 2018 - Present"

    def test_prefers_dates_to_the_text(self, read: Reader) -> None:
        job = read(f"{JOB}\nstartDate: 2017-07\nend: 2018\nrange: a while", name="jobs/a.md")
        assert (job.started_on, job.ended_on, job.is_current) == ("2017-07", "2018", False)
        assert job.warnings == []

    def test_keeps_a_text_that_it_cannot_read_and_says_so(self, read: Reader) -> None:
        job = read(f"{JOB}\nrange: a while", name="jobs/a.md")
        assert (job.started_on, job.range_text) == (None, "a while")
        assert job.warnings == ["the period 'a while' cannot be read: 'a' is no part of a date"]


class TestHighlights:
    def test_are_the_list_and_the_rest_is_the_summary(self, read: Reader) -> None:
        job = read(JOB, "In a team of five.\n\n- Built\n- Shipped", name="jobs/a.md")
        assert (job.highlights, job.summary) == (["Built", "Shipped"], "In a team of five.")

    def test_may_stand_in_front_matter(self, read: Reader) -> None:
        job = read(f"{JOB}\nhighlights: [Built]", "- Not this", name="jobs/a.md")
        assert job.highlights == ["Built"]

    def test_are_not_looked_for_in_a_post(self, read: Reader) -> None:
        post = read("title: One", "- Built")
        assert (post.highlights, post.summary) == ([], None)
