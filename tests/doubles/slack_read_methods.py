"""The method that tells where a message can be read."""

from tests.doubles.slack_methods import Asked, Method
from tests.doubles.slack_wire import Refused, Wire


def permalink(asked: Asked) -> Wire:
    channel, ts = asked.channel(), asked.args.text("message_ts")
    if channel.message(ts) is None:
        raise Refused("message_not_found")
    place = f"https://{asked.team.domain}.slack.com/archives/{channel.id}"
    return {"channel": channel.id, "permalink": f"{place}/p{ts.replace('.', '')}"}


READING = {"chat.getPermalink": Method(permalink, takes_json=False)}
