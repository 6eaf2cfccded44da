"""Forms in Slack: the parts of a story, to be changed at once."""

from typing import Any

from bot.app import App, now
from bot.platforms.buttons import unpack
from bot.platforms.slack_inbound import FormSent, FormWanted
from bot.platforms.slack_renderer import MOST_INPUT, form
from bot.scene import Scene, scene_read
from flows.conversation import Conversation
from flows.messages import Rewrote
from storage.unit_of_work import Work


async def form_for(app: App, wanted: FormWanted, *, key: bytes) -> dict[str, Any] | None:
    """The form for the open question; None where the button under it is out of date."""
    return await app.database.read(lambda c: _form(app, Work(c), wanted, key))


async def form_errors(app: App, sent: FormSent) -> dict[str, str]:
    """Why a form cannot be taken, by its first field: the story is not open any more, and the form
    stays, with what was written in it. Empty where it can be."""
    return await app.database.read(lambda c: _errors(app, Work(c), sent))


def _form(app: App, work: Work, wanted: FormWanted, key: bytes) -> dict[str, Any] | None:
    chose = unpack(wanted.told, user=wanted.inbound.address.user, key=key)
    scene = scene_read(app.house, work, wanted.inbound, now=now())
    if chose is None or scene is None:
        return None
    conversation = _open(scene, chose.conversation)
    if conversation is None or conversation.asks != chose.step:
        return None
    fields = scene.engine(conversation).ask.form(conversation)
    long = [field for field in fields if len(field.text) > MOST_INPUT]
    short = [field for field in fields if field not in long]
    if not short:
        return None
    say = scene.wording
    return form(
        short,
        title=say("form-title"),
        save=say("form-save"),
        cancel=say("form-cancel"),
        notes=[say("form-too-long", heading=field.heading) for field in long],
        told=wanted.told,
    )


def _errors(app: App, work: Work, sent: FormSent) -> dict[str, str]:
    scene = scene_read(app.house, work, sent.inbound, now=now())
    rewrote = sent.inbound.payload
    number = rewrote.conversation if isinstance(rewrote, Rewrote) else None
    if scene is None or not sent.fields or _open(scene, number) is not None:
        return {}
    return {sent.fields[0]: scene.wording("form-late")}


def _open(scene: Scene, number: int | None) -> Conversation | None:
    """The open story of this number, as long as its words can be changed."""
    conversation = scene.conversation
    if conversation is None or conversation.id != number or conversation.aside is not None:
        return None
    closed = conversation.submitted_at is not None and scene.engine(conversation).stands_as_sent(
        conversation
    )
    return None if closed else conversation
