"""Which address gives what: the one module that knows the web's library."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, Router

from tachograph.errors import NotFound
from tachograph.report.html.assets import static_files
from tachograph.report.record_json import encode_json, encode_record
from tachograph.web.answers import Answers
from tachograph.web.feed import Feed
from tachograph.web.guard import Receive, Scope, Send
from tachograph.web.openapi import api_index, describe_api
from tachograph.web.reply import JSON, Reply, encode_error

HOME = "overview"
"""The page at ``/``."""
_STREAM_TYPE = "text/event-stream"
_FOREVER = "private, max-age=31536000, immutable"
_NO_API = NotFound("There is no such page.", slug="no_page", hint="/api/v1 lists those that there are.")


class Work(Protocol):
    """Runs a job in a thread of a bounded pool."""

    def __call__(self, job: Callable[[], Reply]) -> Awaitable[Reply]:
        """What ``job`` gives."""


def make_app(answers: Answers, feed: Feed, work: Work) -> Router:
    """The application; whoever calls it has been through the guard, which also takes care of failures."""
    routes = _Routes(answers, feed, work)
    return Router(
        [
            Route("/", routes.home),
            Route("/api/v1", routes.index),
            Route("/api/v1/openapi.json", routes.openapi),
            Route("/api/v1/{slug}", routes.data),
            Route("/download/{slug}/{table}", routes.table),
            Route("/static/{name}", routes.static),
            Route("/events", routes.events),
            Route("/{slug}", routes.page),
        ],
        redirect_slashes=False,  # an address is right or it is not
        default=routes.elsewhere,
    )


class _Routes:
    def __init__(self, answers: Answers, feed: Feed, work: Work) -> None:
        self._answers = answers
        self._feed = feed
        self._work = work

    async def home(self, request: Request) -> Response:
        return await self._run(lambda: self._answers.page(HOME, request.url.query))

    async def page(self, request: Request) -> Response:
        return await self._run(lambda: self._answers.page(request.path_params["slug"], request.url.query))

    async def data(self, request: Request) -> Response:
        return await self._run(lambda: self._answers.data(request.path_params["slug"], request.url.query))

    async def table(self, request: Request) -> Response:
        slug, name = request.path_params["slug"], request.path_params["table"]
        return await self._run(lambda: self._answers.table(slug, name, request.url.query))

    async def index(self, _: Request) -> Response:
        return _respond(Reply(encode_record("api", api_index(self._answers.pages)), JSON))

    async def openapi(self, _: Request) -> Response:
        return await self._run(lambda: Reply(encode_json(describe_api(tuple(self._answers.pages.values()))), JSON))

    async def static(self, request: Request) -> Response:
        found = static_files().get(request.path_params["name"])
        if found is None:
            return await self._nothing(request.url.path)
        return Response(found[0], media_type=found[1], headers={"Cache-Control": _FOREVER})

    async def events(self, request: Request) -> Response:
        if self._feed.is_full:
            return Response("There are too many open pages.\n", 503, media_type="text/plain")
        if request.method == "HEAD":
            return Response(media_type=_STREAM_TYPE)
        return StreamingResponse(_all(self._feed.read()), media_type=_STREAM_TYPE)

    async def elsewhere(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._nothing(scope["path"])
        await response(scope, receive, send)

    async def _nothing(self, path: str) -> Response:
        if path.startswith("/api/"):
            return _respond(Reply(encode_error(_NO_API), JSON, 404))
        return await self._run(lambda: self._answers.explain(NotFound("There is no such page.", slug="no_page")))

    async def _run(self, job: Callable[[], Reply]) -> Response:
        return _respond(await self._work(job))


async def _all(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for part in stream:
        yield part


def _respond(reply: Reply) -> Response:
    return Response(reply.body, reply.status, reply.headers, reply.media_type)
