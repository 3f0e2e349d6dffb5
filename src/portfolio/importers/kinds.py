"""What a document is: by the folder it lies in, or else by what its front matter speaks of."""

from typing import Literal

from portfolio.importers.fields import Fields

Kind = Literal["posts", "projects", "experience"]

_FOLDERS: dict[Kind, str] = {
    "posts": "post posts blog blogs article articles writing writings note notes pensieve "
    "journal news essays diary til stories weblog drafts",
    "projects": "project projects portfolio work works case-studies case-study showcase",
    "experience": "job jobs experience experiences career careers resume cv employment "
    "work-experience positions",
}
_BY_FOLDER = {name: kind for kind, names in _FOLDERS.items() for name in names.split()}

PROJECT_LINKS = ("github", "external", "repo", "repository")
TECHNOLOGIES = ("tech", "technologies", "technology", "stack", "techStack", "builtWith")
EMPLOYERS = ("company", "employer", "organization", "organisation", "client")
_EMPLOYMENT = ("range", "role", "jobTitle", "start", "startDate")


def kind_of(folders: list[str], fields: Fields) -> Kind:
    """The nearest telling folder decides; `featured` tells of projects when no other tells more."""
    names = [folder.lower().lstrip("_").replace("_", "-").replace(" ", "-") for folder in folders]
    for name in reversed(names):
        if name in _BY_FOLDER:
            return _BY_FOLDER[name]
    is_employment = fields.has(*EMPLOYERS) and fields.has(*_EMPLOYMENT)
    if not is_employment and ("featured" in names or fields.has(*PROJECT_LINKS, *TECHNOLOGIES)):
        return "projects"
    return "experience" if fields.has(*EMPLOYERS) else "posts"


def is_featured(folders: list[str], fields: Fields) -> bool:
    in_folder = "featured" in [folder.lower() for folder in folders]
    return in_folder or True in fields.flags("featured", "isFeatured", "pinned", "sticky")
