from pydantic import AliasChoices, Field

from portfolio.core.config.group import Group


class SiteSettings(Group):
    url: str | None = Field(
        None,
        pattern=r"^https?://[^/?#\s]+[^?#\s]*$",
        validation_alias=AliasChoices("SITE_URL", "FRONTEND_URL"),
        description="Address of the front end, for links (also FRONTEND_URL)",
    )
    name: str = Field(
        "Portfolio", max_length=100, validation_alias="SITE_NAME", description="Name of the site"
    )
    post_path: str = Field(
        "/posts/{slug}",
        pattern=r"^/.*\{slug\}",
        validation_alias="POST_PATH",
        description="Where the front end shows a post",
    )
    project_path: str = Field(
        "/projects/{slug}",
        pattern=r"^/.*\{slug\}",
        validation_alias="PROJECT_PATH",
        description="Where the front end shows a project",
    )
