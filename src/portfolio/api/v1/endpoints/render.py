from portfolio.api.deps import DbRead, Editor, IllustrationsDep
from portfolio.api.v1.prefix import v1_router
from portfolio.core.markdown import Rendered
from portfolio.schemas.render import RenderRead, RenderRequest

router = v1_router("posts")


@router.post("/render", response_model=RenderRead)
async def render_markdown(
    data: RenderRequest, db: DbRead, illustrations: IllustrationsDep, _user: Editor
) -> Rendered:
    """How the body would look: the preview of an editor."""
    return await illustrations.preview(db, data.markdown)
