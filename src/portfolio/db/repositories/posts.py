from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import Boolean, ColumnElement, Integer, Select, Unicode, and_, bindparam, select

from portfolio.core.text import fold
from portfolio.db.repositories.cards import EXCERPT, SHARED, shared_columns, shared_values
from portfolio.db.repositories.listings import Filter
from portfolio.db.repositories.publications import PublicationRepository
from portfolio.models.entities import EntityType
from portfolio.models.listings import Facet
from portfolio.models.posts import BlogPost
from portfolio.models.projections import PostCard, PostDetail, SeriesRef
from portfolio.models.taxonomy import PostTag, Series, Tag
from portfolio.models.types import UTCDateTime
from portfolio.models.users import User

_TAG = bindparam("tag_slug", type_=Unicode())
_SERIES_ID = (
    select(Series.id)
    .where(Series.slug == bindparam("series_slug", type_=Unicode()))
    .scalar_subquery()
)
_AUTHOR_ID = (
    select(User.id)
    .where(User.username == bindparam("author_name", type_=Unicode()))
    .scalar_subquery()
)


def _year(value: int) -> dict[str, Any]:
    return {
        "year": value,
        "year_begin": datetime(value, 1, 1, tzinfo=UTC),
        "year_end": datetime(value + 1, 1, 1, tzinfo=UTC),
    }


def _in_year(moment: Any) -> ColumnElement[bool]:
    begin, end = (bindparam(f"year_{name}", type_=UTCDateTime()) for name in ("begin", "end"))
    return and_(moment >= begin, moment < end)


class BlogPostRepository(PublicationRepository[BlogPost, PostCard, PostDetail]):
    model = BlogPost
    entity_type = EntityType.POSTS
    labels: ClassVar[str] = "tags"
    sortable: ClassVar = {
        "published_at": BlogPost.listed_at,
        "created_at": BlogPost.created_at,
        "updated_at": BlogPost.updated_at,
        "title": BlogPost.title,
        "views": BlogPost.views_count,
    }
    filters: ClassVar = {
        "tag": Filter(
            BlogPost.id.in_(
                select(PostTag.post_id).join(Tag, Tag.id == PostTag.tag_id).where(Tag.slug == _TAG)
            ),
            lambda value: {"tag_slug": value},
            Facet.TAG,
            select(Tag.id).where(Tag.slug == _TAG).scalar_subquery(),
        ),
        "series": Filter(
            BlogPost.series_id == _SERIES_ID,
            lambda value: {"series_slug": value},
            Facet.SERIES,
            _SERIES_ID,
        ),
        "author": Filter(
            BlogPost.author_id == _AUTHOR_ID,
            lambda value: {"author_name": fold(value)},
            Facet.AUTHOR,
            _AUTHOR_ID,
        ),
        "featured": Filter(
            BlogPost.featured == bindparam("is_featured", type_=Boolean()),
            lambda value: {"is_featured": value, "featured_number": int(value)},
            Facet.FEATURED,
            bindparam("featured_number", type_=Integer()),
        ),
        "year": Filter(
            _in_year(BlogPost.listed_at),
            _year,
            Facet.YEAR,
            bindparam("year", type_=Integer()),
            _in_year,
        ),
        "updated_since": Filter(
            BlogPost.updated_at >= bindparam("since", type_=UTCDateTime()),
            lambda value: {"since": value},
        ),
    }

    def card_columns(self) -> Select[Any]:
        return (
            select(
                *shared_columns(BlogPost),
                BlogPost.authors,
                BlogPost.series_position,
                Series.id.label("series_row"),
                Series.slug.label("series_address"),
                Series.name,
            )
            .join(User, User.id == BlogPost.author_id)
            .outerjoin(Series, Series.id == BlogPost.series_id)
        )

    def to_card(self, row: Sequence[Any], now: datetime) -> PostCard:
        authors, position, series_id, series_slug, series_name = row[SHARED : SHARED + 5]
        series = None
        if series_id is not None:
            series = SeriesRef(id=series_id, slug=series_slug, name=series_name, position=position)
        return PostCard(
            **shared_values(row, now), excerpt=row[EXCERPT], authors=authors, series=series
        )

    def to_detail(self, card: PostCard, **body: Any) -> PostDetail:
        return PostDetail(**vars(card), **body)
