"""`/t/{tag}`: the page of a tag."""

from aiohttp import web

from relay.errors import RefusalCode
from server.discovery.tags import read_tag
from server.errors import NotFound
from server.http.templates import Templates
from server.storage.tags import TagStore


class TagPages:
    """The pages of tags. A tag that was never used has a page too."""

    def __init__(self, templates: Templates, tags: TagStore) -> None:
        self._templates = templates
        self._tags = tags

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/t/{tag}", self.show)]

    async def show(self, request: web.Request) -> web.Response:
        """Returns the page for every spelling of the tag. Raises NotFound if the word is no tag."""
        tag = read_tag(request.match_info["tag"])
        if tag is None:
            raise NotFound(RefusalCode.NOT_FOUND, "this word cannot be a tag")
        record = (await self._tags.find([tag.tag])).get(tag.tag)
        response = self._templates.render(
            request,
            "tag.html",
            main=self._templates.main("tag"),
            tag=tag.tag,
            name=record.name if record else tag.name,
            used=record is not None,
        )
        if record is None:
            response.headers["X-Robots-Tag"] = "noindex"
        return response
