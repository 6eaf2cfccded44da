"""The methods about files, and where their content goes in and out."""

import mimetypes
from typing import Any

from tests.doubles.slack_chats import Team
from tests.doubles.slack_methods import Asked, Method, content
from tests.doubles.slack_wire import Refused, Wire, invalid
from tests.doubles.slack_world import File, World


def stored(
    world: World,
    team: Team,
    user: str,
    name: str,
    length: int,
    body: bytes | None,
    kind: str = "",
) -> File:
    """A file, whose content may come later."""
    id, now = world.id("F"), int(world.now())
    mimetype = kind or mimetypes.guess_type(name)[0] or "application/octet-stream"
    suffix = name.rpartition(".")[2] if "." in name else "bin"
    place = f"{world.url}/files-pri/{team.id}-{id}"
    wire: Wire = {
        "id": id,
        "created": now,
        "timestamp": now,
        "name": name,
        "title": name,
        "mimetype": mimetype,
        "filetype": suffix,
        "pretty_type": suffix.upper(),
        "user": user,
        "user_team": team.id,
        "editable": False,
        "size": length,
        "mode": "hosted",
        "is_external": False,
        "external_type": "",
        "is_public": False,
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "url_private": f"{place}/{name}",
        "url_private_download": f"{place}/download/{name}",
        "permalink": f"https://{team.domain}.slack.com/files/{user}/{id}/{name}",
        "permalink_public": "",
        "is_starred": False,
        "has_rich_preview": False,
        "channels": [],
        "groups": [],
        "ims": [],
        "comments_count": 0,
    }
    world.files[id] = File(wire, team, length, body)
    return world.files[id]


def upload_url(asked: Asked) -> Wire:
    name, length = asked.args.text("filename"), asked.args.text("length")
    if not name:
        raise invalid(["missing required field: filename"])
    if not length.isdecimal() or not int(length):
        raise invalid(["length must be greater than 0 [json-pointer:/length]"])
    file = stored(asked.world, asked.team, asked.team.bot_user, name, int(length), None)
    id = file.wire["id"]
    return {"upload_url": f"{asked.world.url}/upload/v1/{id}", "file_id": id}


def uploaded(world: World, id: str, body: bytes) -> tuple[int, str]:
    """Takes in the content that was announced; the status and words of the answer."""
    file = world.files.get(id)
    if file is None or file.content is not None:
        return 404, "Not Found"
    if len(body) != file.length:
        return 400, f"length mismatch: {len(body)} instead of {file.length}"
    file.content = body
    return 200, f"OK - {len(body)}"


def complete_upload(asked: Asked) -> Wire:
    given: Any = asked.args.decoded("files", "invalid_arguments")
    if not isinstance(given, list) or not given:
        raise invalid(["missing required field: files"])
    files = []
    for each in given:
        file = asked.world.files.get(str(each.get("id"))) if isinstance(each, dict) else None
        if file is None or file.team is not asked.team or file.content is None:
            raise Refused("file_not_found")
        file.wire["title"] = each.get("title") or file.wire["title"]
        files.append(file.wire)
    ids = asked.args.text("channels").split(",") if asked.args.has("channels") else []
    if asked.args.has("channel_id"):
        ids = [asked.args.text("channel_id")]
    for id in ids:
        channel = asked.team.channels.get(id)
        if channel is None or asked.team.bot_user not in channel.members:
            raise Refused("channel_not_found")
        said: Wire = {"text": asked.args.text("initial_comment"), "files": files}
        if asked.args.has("blocks"):
            said |= content(asked)
        if asked.args.has("thread_ts"):
            said["thread_ts"] = asked.args.text("thread_ts")
        for file_wire in files:
            file_wire[{"im": "ims", "channel": "channels", "group": "groups"}[channel.kind]] += [id]
        asked.world.writes(channel, asked.world.bot_said(asked.team) | said)
    return {"files": files}


def file_info(asked: Asked) -> Wire:
    file = asked.world.files.get(asked.args.text("file"))
    if file is None or file.team is not asked.team:
        raise Refused("file_not_found")
    return {"file": file.wire, "comments": []}


def downloaded(world: World, place: str, token: str) -> File | None:
    """The file of an address, for a token that may read it."""
    team, _, id = place.partition("-")
    file = world.files.get(id)
    try:
        held = world.tokens.check(token, world.now())
    except Refused:
        return None
    fits = file is not None and held.team == team == file.team.id and file.content is not None
    return file if fits and "files:read" in held.scopes else None


FILES = {
    "files.getUploadURLExternal": Method(upload_url, ("files:write",), takes_json=False),
    "files.completeUploadExternal": Method(complete_upload, ("files:write",)),
    "files.info": Method(file_info, ("files:read",), takes_json=False),
}
