"""What the server answers: methods, uploads, downloads, response addresses, websockets."""

import asyncio
import json
from time import monotonic
from typing import Any

from aiohttp import web

from tests.doubles.slack_app_methods import APP
from tests.doubles.slack_blocks import message_blocks
from tests.doubles.slack_faults import Call, Fault, Planned
from tests.doubles.slack_file_methods import FILES, downloaded, uploaded
from tests.doubles.slack_methods import MESSAGES, Asked
from tests.doubles.slack_read_methods import READING
from tests.doubles.slack_tokens import Token, permitted
from tests.doubles.slack_view_methods import VIEWS
from tests.doubles.slack_wire import MAX_UPLOAD, Args, Refused, Wire, arguments, too_many
from tests.doubles.slack_world import ResponseUrl, World

METHODS = MESSAGES | READING | VIEWS | FILES | APP
HTML = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body>\r\n</html>\r\n"
LOGIN = "<!DOCTYPE html><html><head><title>Sign in | Slack</title></head><body></body></html>"
USES, USE_SECONDS = 5, 1800  # of a response_url


class Web:
    def __init__(self, world: World) -> None:
        self.world = world
        self.broken: list[BaseException] = []

    def application(self) -> web.Application:
        application = web.Application(client_max_size=MAX_UPLOAD)
        application.router.add_route("*", "/api/{method}", self._method)
        application.router.add_post("/upload/v1/{id}", self._upload)
        application.router.add_get("/files-pri/{place}/{rest:.*}", self._download)
        application.router.add_get("/link/", self.world.sockets.link)
        application.router.add_post("/{kind:actions|commands|app}/{team}/{id}", self._respond)
        return application

    async def _method(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._called(request)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as fault:
            self.broken.append(fault)
            raise

    async def _called(self, request: web.Request) -> web.StreamResponse:
        at = monotonic()
        name = request.match_info["method"]
        method = METHODS.get(name)
        outcome: Wire | Refused | None = None
        try:
            args = await arguments(request, takes_json=method is None or method.takes_json)
        except Refused as refused:
            args, outcome = Args(), refused
        with self.world.changed:
            channel = self._channel(args)
            plan = self.world.faults.pick(name, channel)
            self.world.changed.notify_all()  # a test may wait for a fault to be under way
        if plan is not None and plan.fault is Fault.LATE and not plan.done:
            await asyncio.sleep(plan.seconds)
        if outcome is None and (plan is None or plan.done or plan.fault is Fault.LATE):
            with self.world.lock:
                outcome = self._outcome(name, args, channel, at)
        self._note(name, args, channel, at, outcome, plan)
        return await self._answered(request, outcome, plan)

    def _channel(self, args: Args) -> str | None:
        """What a call is about; that of a person too who is written to by their own id."""
        id = args.text("channel") or args.text("channel_id") or None
        token = self.world.tokens.by_text.get(args.token)
        team = self.world.teams.get(token.team) if token else None
        met = team.conversation_of(id) if team and id else None
        return met.id if met else id

    def _outcome(self, name: str, args: Args, channel: str | None, at: float) -> Wire | Refused:
        world, method = self.world, METHODS.get(name)
        try:
            if method is None:
                raise Refused("unknown_method")
            token = Token("", "", frozenset())
            if method.token != "none":
                token = world.tokens.check(args.token, world.now())
                if token.of_app != (method.token == "app"):
                    raise Refused("not_allowed_token_type")
            world.limits.check(name, token.team, channel, at)
            permitted(token, *method.scopes)
            return {"ok": True, **method.run(Asked(world, token, args))}
        except Refused as refused:
            return refused

    def _note(
        self,
        name: str,
        args: Args,
        channel: str | None,
        at: float,
        outcome: Wire | Refused | None,
        plan: Planned | None,
    ) -> None:
        with self.world.changed:
            token = self.world.tokens.by_text.get(args.token)
            fault = plan.fault if plan else None
            status, error, result = 200, "", None
            if isinstance(outcome, Refused):
                status, error = outcome.status, outcome.error
            elif outcome is None:
                status, error = 0, str(fault)
            else:
                result = outcome
            team = token.team if token else ""
            call = Call(name, team, channel, at, args.values, status, error, fault, result)
            self.world.calls.append(call)
            self.world.changed.notify_all()

    async def _answered(
        self, request: web.Request, outcome: Wire | Refused | None, plan: Planned | None
    ) -> web.StreamResponse:
        match plan.fault if plan else None:
            case Fault.CUT_BEFORE | Fault.CUT_AFTER:
                return _cut(request)
            case Fault.CUT_MIDDLE:
                return await _cut_in_the_middle(request, self._response(outcome).body)
            case Fault.ERROR:
                return web.Response(status=500, text="Internal Server Error")
            case Fault.HTML:
                return web.Response(status=502, text=HTML, content_type="text/html")
            case Fault.TOO_MANY if plan is not None:
                outcome = too_many(int(plan.seconds))
            case Fault.REFUSED if plan is not None:
                outcome = Refused(plan.error)
            case Fault.LATE if plan is not None and plan.done:
                await asyncio.sleep(plan.seconds)
        return self._response(outcome, request)

    def _response(
        self, outcome: Wire | Refused | None, request: web.Request | None = None
    ) -> web.Response:
        headers = {"x-slack-req-id": self.world.id("q")}
        if isinstance(outcome, Refused):
            if outcome.status == 429:
                headers["Retry-After"] = str(outcome.retry_after)
            return web.json_response(outcome.body, status=outcome.status, headers=headers)
        bearer = request.headers.get("Authorization", "").partition(" ")[2] if request else ""
        if token := self.world.tokens.by_text.get(bearer):
            headers["x-oauth-scopes"] = ",".join(sorted(token.scopes))
        return web.json_response(outcome, headers=headers)

    async def _upload(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.content_type == "multipart/form-data":
            fields = await request.post()
            body = b"".join(
                part.file.read() for part in fields.values() if isinstance(part, web.FileField)
            )
        with self.world.lock:
            status, words = uploaded(self.world, request.match_info["id"], body)
        return web.Response(status=status, text=words)

    async def _download(self, request: web.Request) -> web.Response:
        """Who may not read it gets a page to sign in, and status 200, as from Slack."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        with self.world.lock:
            file = downloaded(self.world, request.match_info["place"], token)
        if file is None:
            return web.Response(text=LOGIN, content_type="text/html")
        return web.Response(body=file.content, content_type=file.wire["mimetype"])

    async def _respond(self, request: web.Request) -> web.Response:
        body = await request.read()
        with self.world.lock:
            try:
                url = self.world.response_urls.get(request.match_info["id"])
                if url is None or self.world.now() > url.at + USE_SECONDS:
                    raise Refused("expired_url", status=404)
                if url.uses >= USES:
                    raise Refused("used_url", status=404)
                url.uses += 1
                try:
                    said: Any = json.loads(body)
                except ValueError:
                    raise Refused("invalid_payload", status=400) from None
                self._says(url, said)
            except Refused as refused:
                status = refused.status if refused.status != 200 else 400
                return web.json_response(refused.body, status=status)
        return web.json_response({"ok": True})

    def _says(self, url: ResponseUrl, said: Wire) -> None:
        world, message = self.world, url.message
        own = message is not None and message.from_bot
        if said.get("delete_original"):
            if own and message is not None:
                world.deletes(message)
            return
        if not said.get("text") and not said.get("blocks"):
            raise Refused("no_text", status=400)
        content: Wire = {"text": said.get("text", "")}
        if said.get("blocks"):
            content["blocks"] = message_blocks(said["blocks"], lambda: world.id("b"))
        if said.get("thread_ts"):
            content["thread_ts"] = said["thread_ts"]
        if said.get("replace_original") in {True, "true"} and own and message is not None:
            kept = {key: value for key, value in message.wire.items() if key != "blocks"}
            world.edits(message, kept | content, url.channel.team.bot_user)
            return
        only_for = "" if said.get("response_type") == "in_channel" else url.user.id
        whole = world.bot_said(url.channel.team) | content
        world.writes(url.channel, whole, only_for=only_for)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _cut_in_the_middle(request: web.Request, body: Any) -> web.StreamResponse:
    whole = bytes(body)
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(whole)
    await response.prepare(request)
    await response.write(whole[: len(whole) - len(whole) // 3])
    if request.transport is not None:
        request.transport.close()
    return response
