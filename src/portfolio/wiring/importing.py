"""What brings content in; only commands ask for it."""

from portfolio.db.repositories.bookkeeping import ImportSourceRepository
from portfolio.db.repositories.file_uses import FileUseRepository
from portfolio.importers.kinds import Kind
from portfolio.importers.markdown import MarkdownImporter
from portfolio.importers.shelf import Shelf
from portfolio.importers.targets import JobTarget, PostTarget, ProjectTarget, Target
from portfolio.importers.writer import Writer
from portfolio.wiring import Services


def build_importer(services: Services) -> MarkdownImporter:
    database, sources = services.database, ImportSourceRepository()
    targets: dict[Kind, Target] = {
        "posts": PostTarget(database, services.posts, services.media),
        "projects": ProjectTarget(database, services.projects, services.media),
        "experience": JobTarget(services.profiles),
    }
    shelf = Shelf(services.picture_files, FileUseRepository())
    writer = Writer(database, shelf, sources, targets)
    return MarkdownImporter(database, sources, writer, services.users, services.settings.site)
