"""The methods of the Bot API, in the words of its refusals. getUpdates is in telegram_updates."""

import mimetypes
from collections.abc import Callable
from typing import Any

from tests.doubles import telegram_limits as limits
from tests.doubles.telegram_chats import Chat, Message, Topic, Wire
from tests.doubles.telegram_profile import PROFILE
from tests.doubles.telegram_wire import Args, Refused, Upload, bad
from tests.doubles.telegram_world import IN_GROUP, World, standing

Method = Callable[[World, Args], Any]

ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)
PICTURES = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")
MAX_PHOTO = 10 * 1024 * 1024  # bytes
DELETABLE = 48 * 3600  # seconds


def writable(world: World, args: Args) -> Chat:
    """The chat to write to; raises what Telegram says where the bot may not."""
    chat = readable(world, args)
    if chat.migrated_to is not None:
        raise bad(
            "group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to
        )
    if not chat.private:
        return chat
    if chat.deactivated:
        raise Refused(403, "Forbidden: user is deactivated")
    if chat.blocked:
        raise Refused(403, "Forbidden: bot was blocked by the user")
    if not chat.started:
        raise Refused(403, "Forbidden: bot can't initiate conversation with a user")
    return chat


def readable(world: World, args: Args) -> Chat:
    chat = world.chat(args.text("chat_id"))
    if chat.private:
        met = any(chat.id in group.statuses for group in world.chats.values())
        if not chat.started and not met:
            raise bad("chat not found")
        return chat
    kind = "group chat" if chat.type == "group" else "supergroup chat"
    status = chat.statuses.get(world.me["id"])
    if status is None:
        raise bad("chat not found")
    if status == "kicked":
        raise Refused(403, f"Forbidden: bot was kicked from the {kind}")
    if status not in IN_GROUP:
        raise Refused(403, f"Forbidden: bot is not a member of the {kind}")
    return chat


def send_message(world: World, args: Args) -> Wire:
    text, entities = limits.message_text(args)
    return _send(world, args, {"text": text, **_some("entities", entities)})


def send_document(world: World, args: Args) -> Wire:
    wire, upload = _file(world, args, "document")
    if upload is not None and "file_name" not in wire:
        kind = mimetypes.guess_type(upload.name)[0] or "application/octet-stream"
        wire |= {"file_name": upload.name, "mime_type": kind}
    return _send(world, args, {"document": wire, **_caption(args)}, upload)


def send_photo(world: World, args: Args) -> Wire:
    wire, upload = _file(world, args, "photo")
    if upload is not None and not upload.content.startswith(PICTURES):
        raise bad("IMAGE_PROCESS_FAILED")
    if upload is not None and len(upload.content) > MAX_PHOTO:
        raise bad("file is too big for a photo")
    sizes = [wire | {"width": 800, "height": 600}]
    return _send(world, args, {"photo": sizes, **_caption(args)}, upload)


def _caption(args: Args) -> Wire:
    text, entities = limits.caption(args)
    return _some("caption", text) | _some("caption_entities", entities)


def _some(name: str, value: Any) -> Wire:
    return {name: value} if value else {}


def _file(world: World, args: Args, kind: str) -> tuple[Wire, Upload | None]:
    upload = args.upload(kind)
    if upload is not None:
        if not upload.content:
            raise bad("file must be non-empty")
        return world.stored(kind, upload), upload
    given = args.text(kind)
    if not given:
        raise bad(f"there is no {kind} in the request")
    known = world.files.get(given)
    if known is None:
        raise bad("wrong file identifier/HTTP URL specified")
    return dict(known.wire), Upload(known.path.rpartition("/")[2], known.content)


def _send(world: World, args: Args, content: Wire, upload: Upload | None = None) -> Wire:
    markup = limits.reply_markup(args)
    chat = writable(world, args)
    reply = _replied(chat, args)
    topic = _topic(chat, args, reply)
    if markup is not None:
        if "inline_keyboard" in markup:
            content = content | {"reply_markup": markup}
        else:
            chat.reply_keyboard = markup if "keyboard" in markup else None
    message = world.written(chat, world.me, content, reply_to=reply, topic=topic, upload=upload)
    chat.arrived.append(message)
    return message.wire


def _replied(chat: Chat, args: Args) -> Message | None:
    told = args.decoded("reply_parameters", "reply parameters")
    if not isinstance(told, dict):
        told = {"message_id": args.integer("reply_to_message_id")}
        told["allow_sending_without_reply"] = args.boolean("allow_sending_without_reply")
    id = int(told.get("message_id") or 0)
    message = chat.message(id)
    if id and message is None and not told.get("allow_sending_without_reply"):
        raise bad("message to be replied not found")
    return message


def _topic(chat: Chat, args: Args, reply: Message | None) -> Topic | None:
    id = args.integer("message_thread_id") or (reply.topic if reply else None)
    if not id:
        return None
    topic = chat.topics.get(id)
    if topic is None:
        raise bad("message thread not found")
    if topic.closed:
        raise bad("TOPIC_CLOSED")
    return topic


def _editable(world: World, args: Args) -> Message:
    if not args.has("message_id"):
        raise bad("message identifier is not specified")
    message = writable(world, args).message(args.integer("message_id"))
    if message is None:
        raise bad("message to edit not found")
    if not message.from_bot:
        raise bad("message can't be edited")
    if message.topic is not None and message.chat.topics[message.topic].closed:
        raise bad("TOPIC_CLOSED")
    return message


def _edited(world: World, message: Message, changed: Wire, drop: set[str]) -> Wire:
    """The message with these fields instead of those to drop."""
    kept = {name: value for name, value in message.wire.items() if name not in drop}
    old = {name: message.wire[name] for name in drop if name in message.wire}
    if old == changed:
        raise bad(
            "message is not modified: specified new message content and reply markup are exactly "
            "the same as a current content and reply markup of the message"
        )
    message.becomes(kept | {"edit_date": world.date()} | changed)
    return message.wire


def _inline(args: Args) -> Wire:
    markup = limits.reply_markup(args)
    if markup is not None and "inline_keyboard" not in markup:
        raise bad("inline keyboard expected")
    return _some("reply_markup", markup)


def edit_message_text(world: World, args: Args) -> Wire:
    text, entities = limits.message_text(args, edit=True)
    markup = _inline(args)
    message = _editable(world, args)
    if "text" not in message.wire:
        raise bad("there is no text in the message to edit")
    changed = {"text": text, **_some("entities", entities), **markup}
    return _edited(world, message, changed, {"text", "entities", "reply_markup"})


def edit_message_caption(world: World, args: Args) -> Wire:
    changed = _caption(args) | _inline(args)
    message = _editable(world, args)
    if "text" in message.wire:
        raise bad("there is no caption in the message to edit")
    return _edited(world, message, changed, {"caption", "caption_entities", "reply_markup"})


def edit_message_reply_markup(world: World, args: Args) -> Wire:
    changed = _inline(args)
    return _edited(world, _editable(world, args), changed, {"reply_markup"})


def delete_message(world: World, args: Args) -> bool:
    chat = readable(world, args)
    message = chat.message(args.integer("message_id"))
    if message is None:
        raise bad("message to delete not found")
    admin = chat.statuses.get(world.me["id"]) == "administrator"
    if not (chat.private or message.from_bot or admin):
        raise bad("message can't be deleted")
    if world.now() - message.date > DELETABLE:
        raise bad("message can't be deleted for everyone")
    message.deleted = True
    return True


def answer_callback_query(world: World, args: Args) -> bool:
    tap = world.taps.get(args.text("callback_query_id"))
    if len(args.text("text")) > limits.MAX_ANSWER:
        raise bad("MESSAGE_TOO_LONG")
    if tap is None or world.now() - tap.at > limits.QUERY_SECONDS:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    tap.answers.append(
        {"text": args.text("text") or None, "show_alert": args.boolean("show_alert")}
    )
    return True


def send_chat_action(world: World, args: Args) -> bool:
    chat = writable(world, args)
    if args.text("action") not in ACTIONS:
        raise bad("wrong parameter action in request")
    chat.actions.append(args.text("action"))
    return True


def get_file(world: World, args: Args) -> Wire:
    id = args.text("file_id")
    if not id:
        raise bad("file_id not specified")
    file = world.files.get(id)
    if file is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    if file.size > limits.MAX_DOWNLOAD:
        raise bad("file is too big")
    return file.wire | {"file_path": file.path}


def get_chat(world: World, args: Args) -> Wire:
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription")
    told = {"accent_color_id": 0, "max_reaction_count": 11}
    accepted = dict.fromkeys((*gifts, "gifts_from_channels"), True)
    return readable(world, args).wire | told | {"accepted_gift_types": accepted}


def get_chat_member(world: World, args: Args) -> Wire:
    chat = readable(world, args)
    id = args.integer("user_id")
    user = world.me if id == world.me["id"] else world.users.get(id)
    if user is None:
        raise bad("PARTICIPANT_ID_INVALID" if not chat.private else "member not found")
    if chat.private:
        return standing(user, "member")
    return standing(user, chat.statuses.get(id, "left"))


def get_chat_administrators(world: World, args: Args) -> list[Wire]:
    chat = readable(world, args)
    if chat.private:
        raise bad("there are no administrators in the private chat")
    return [
        standing(world.users.get(id, world.me), status)
        for id, status in chat.statuses.items()
        if status in {"creator", "administrator"}
    ]


def leave_chat(world: World, args: Args) -> bool:
    chat = readable(world, args)
    if chat.private:
        raise bad("chat member status can't be changed in private chats")
    world.status_changed(chat, world.me, "left")
    return True


METHODS: dict[str, Method] = {
    "sendMessage": send_message,
    "sendDocument": send_document,
    "sendPhoto": send_photo,
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "answerCallbackQuery": answer_callback_query,
    "sendChatAction": send_chat_action,
    "getFile": get_file,
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatAdministrators": get_chat_administrators,
    "leaveChat": leave_chat,
    **PROFILE,
}
LIMITED = frozenset(name for name in METHODS if name.startswith(("send", "edit"))) - {
    "sendChatAction"
}
"""What counts for how fast a bot may send."""
