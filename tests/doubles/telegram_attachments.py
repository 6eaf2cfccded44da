"""What people send beside words, in the shape in which a bot gets it."""

import struct
import zlib

from tests.doubles.telegram_chats import Wire
from tests.doubles.telegram_wire import Upload
from tests.doubles.telegram_world import World

_FILES: dict[str, tuple[str, Wire]] = {
    "voice": ("voice.ogg", {"duration": 3, "mime_type": "audio/ogg"}),
    "audio": ("song.mp3", {"duration": 180, "mime_type": "audio/mpeg", "file_name": "song.mp3"}),
    "video": (
        "clip.mp4",
        {"duration": 3, "width": 320, "height": 240, "mime_type": "video/mp4"},
    ),
    "video_note": ("round.mp4", {"duration": 3, "length": 240}),
    "animation": (
        "wave.mp4",
        {"duration": 2, "width": 320, "height": 240, "mime_type": "video/mp4"},
    ),
    "document": ("notes.txt", {"mime_type": "text/plain", "file_name": "notes.txt"}),
    "sticker": (
        "sticker.webp",
        {
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
            "emoji": "👍",
        },
    ),
}
_PLACE = {"latitude": 47.05, "longitude": 8.31}


def attachment(
    world: World, kind: str, content: bytes | None, name: str | None, size: int | None, user: Wire
) -> tuple[Wire, Upload | None]:
    """The part of a message that holds it, and its file."""
    if kind == "photo":
        upload = Upload(name or "photo.jpg", content if content is not None else png(90, 68))
        whole = world.stored("photo", upload, size)
        small = world.stored("photo", upload, 1700)
        sizes = [small | {"width": 90, "height": 68}, whole | {"width": 1280, "height": 960}]
        return {"photo": sizes}, upload
    if kind in _FILES:
        usual, told = _FILES[kind]
        upload = Upload(name or usual, content if content is not None else kind.encode() * 50)
        wire = told | world.stored(kind, upload, size)
        if "file_name" in wire:
            wire["file_name"] = upload.name
        more = {"document": wire} if kind == "animation" else {}
        return {kind: wire, **more}, upload
    others: dict[str, Wire] = {
        "location": {"location": _PLACE},
        "venue": {
            "location": _PLACE,
            "venue": {"location": _PLACE, "title": "The hall", "address": "At the lake"},
        },
        "contact": {
            "contact": {
                "phone_number": "+41000000000",
                "first_name": user["first_name"],
                "user_id": user["id"],
            }
        },
        "dice": {"dice": {"emoji": "🎲", "value": 6}},
        "poll": {
            "poll": {
                "id": str(10_897_000_000_000_000 + world.count()),
                "question": "When?",
                "total_voter_count": 0,
                "is_closed": False,
                "options": [
                    {"persistent_id": "0", "text": "Today", "voter_count": 0},
                    {"persistent_id": "1", "text": "Tomorrow", "voter_count": 0},
                ],
                "is_anonymous": True,
                "type": "regular",
                "allows_multiple_answers": False,
                "allows_revoting": True,
                "members_only": False,
            }
        },
    }
    return dict(others[kind]), None


def png(width: int, height: int) -> bytes:
    """A small grey picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
