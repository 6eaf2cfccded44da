"""The methods that tell what was written before."""

from tests.doubles.slack_chats import Message
from tests.doubles.slack_methods import Asked, Method
from tests.doubles.slack_text import told_back
from tests.doubles.slack_tokens import permitted
from tests.doubles.slack_wire import Refused, Wire
from tests.doubles.slack_world import HISTORY

MOST_READ, USUAL = 999, 100  # messages of one answer


def history(asked: Asked) -> Wire:
    """The messages of a channel, the newest first, without what was said in threads.

    `latest` and `oldest` themselves belong to it only with `inclusive`.
    """
    channel = asked.channel()
    permitted(asked.token, HISTORY[channel.kind])
    if asked.team.bot_user not in channel.members:
        raise Refused("not_in_channel")
    latest, oldest = asked.args.text("latest"), asked.args.text("oldest") or "0"
    ends = {latest, oldest} if asked.args.boolean("inclusive") else set()
    limit = int(asked.args.text("limit") or USUAL)
    if not 1 <= limit <= MOST_READ:
        raise Refused("invalid_limit")

    def is_meant(message: Message) -> bool:
        at = float(message.ts)
        within = float(oldest) < at and (not latest or at < float(latest))
        thread = message.thread_ts
        is_in_front = thread in {None, message.ts} or "subtype" in message.wire
        return not message.only_for and is_in_front and (within or message.ts in ends)

    found = [message for message in reversed(channel.messages) if is_meant(message)]
    return {
        "messages": [told_back(message.wire) for message in found[:limit]],
        "has_more": len(found) > limit,
        "pin_count": 0,
    }


def permalink(asked: Asked) -> Wire:
    channel, ts = asked.channel(), asked.args.text("message_ts")
    if channel.message(ts) is None:
        raise Refused("message_not_found")
    place = f"https://{asked.team.domain}.slack.com/archives/{channel.id}"
    return {"channel": channel.id, "permalink": f"{place}/p{ts.replace('.', '')}"}


READING = {
    "chat.getPermalink": Method(permalink, takes_json=False),
    "conversations.history": Method(
        history, ("im:history", "channels:history", "groups:history"), takes_json=False
    ),
}
