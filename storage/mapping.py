"""Row <-> value."""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime, time
from typing import Any

from sqlalchemy import Row

from flows.clocks import is_zone
from flows.conversation import (
    Answer,
    Conversation,
    ConversationId,
    EvidenceGiven,
    How,
    Origin,
    Standing,
    Status,
)
from flows.framework import Attribution, Audience
from flows.hours import Hours
from flows.messages import (
    Address,
    Anchor,
    Ask,
    Attached,
    Chose,
    Commanded,
    Edited,
    Inbound,
    Noted,
    Option,
    Part,
    Payload,
    Prompted,
    Reply,
    Review,
    Rewrote,
    Said,
    Say,
    Send,
    Unread,
)

Values = dict[str, Any]

ANSWER_FIELDS = tuple(field.name for field in fields(Answer))


# ---- conversations ----


MOVING = (
    "place",
    "trail",
    "revision",
    "shown_example",
    "has_begun",
    "turned_at",
    "delivered_at",
    "active_seconds",
)
"""The columns that nearly every turn changes."""

SETTLED = (
    "ref",
    "flow",
    "version",
    "status",
    "aside",
    "audience",
    "attribution",
    "pseudonym",
    "anchor_activity",
    "anchor_date",
    "anchor_link",
    "origin",
    "prompted",
    "started_at",
    "submitted_at",
)
"""The columns that few turns change."""

UNMOVED = tuple(
    field.name
    for field in fields(Conversation)
    if field.name not in {*MOVING, "id", "answers", "evidence", "begun"}
)
"""What these come from."""


# Look-ups: calling an enum costs as much as several other fields.
_STATUS = {status.value: status for status in Status}
_ATTRIBUTION = {attribution.value: attribution for attribution in Attribution}
_ORIGIN = {origin.value: origin for origin in Origin}
_HOW = {how.value: how for how in How}
_STANDING = {standing.value: standing for standing in Standing}


def moving_values(conversation: Conversation) -> Values:
    return {
        "place": conversation.place,
        "trail": list(conversation.trail),
        "revision": conversation.revision,
        "shown_example": conversation.shown_example,
        "has_begun": conversation.has_begun,
        "turned_at": conversation.turned_at,
        "delivered_at": conversation.delivered_at,
        "active_seconds": conversation.active_seconds,
    }


def settled_values(conversation: Conversation) -> Values:
    return {
        "ref": conversation.ref,
        "flow": conversation.flow,
        "version": conversation.version,
        "status": conversation.status,
        "aside": conversation.aside,
        "audience": sorted(conversation.audience),
        "attribution": conversation.attribution,
        "pseudonym": conversation.pseudonym,
        **anchor_values(conversation.anchor),
        "origin": conversation.origin,
        "prompted": conversation.prompted,
        "started_at": conversation.started_at,
        "submitted_at": conversation.submitted_at,
    }


def conversation_of(row: Any, answers: tuple[Answer, ...]) -> Conversation:
    """A conversation with its answers. Evidence stays where it is: no turn looks at it again."""
    return Conversation(
        id=ConversationId(row.id),
        ref=row.ref,
        flow=row.flow,
        version=row.version,
        status=_STATUS[row.status],
        place=row.place,
        started_at=row.started_at,
        turned_at=row.turned_at,
        trail=tuple(row.trail),
        answers=answers,
        begun=row.has_begun,
        aside=row.aside,
        revision=row.revision,
        shown_example=row.shown_example,
        audience=frozenset(Audience(word) for word in row.audience),
        attribution=_ATTRIBUTION[row.attribution],
        pseudonym=row.pseudonym,
        anchor=anchor_of(row),
        origin=_ORIGIN[row.origin],
        delivered_at=row.delivered_at,
        active_seconds=row.active_seconds,
        submitted_at=row.submitted_at,
        prompted=row.prompted,
    )


def answer_values(answer: Answer) -> Values:
    return dict(vars(answer))


def answer_of(told: Sequence[Any]) -> Answer:
    """From the columns of an answer, in the order of its fields."""
    (step, part, revision, place, turn, position, asked, said_at, text, choice) = told[:10]
    (how, message_id, standing, ended_in) = told[10:]
    return Answer(
        step=step,
        part=part,
        revision=revision,
        place=place,
        turn=turn,
        position=position,
        asked=asked,
        said_at=said_at,
        text=text,
        choice=choice,
        how=_HOW[how],
        message_id=message_id,
        standing=_STANDING[standing],
        ended_in=ended_in,
    )


def evidence_values(given: EvidenceGiven) -> Values:
    return {"step": given.step, "message_id": given.message_id, **asdict(given.file)}


def attached_of(row: Row[Any]) -> Attached:
    return Attached(
        kind=row.kind,
        file_id=row.file_id,
        name=row.name,
        mime_type=row.mime_type,
        size=row.size,
        caption=row.caption,
        platform=row.platform,
    )


def anchor_values(anchor: Anchor | None) -> Values:
    return {
        "anchor_activity": anchor.activity if anchor else None,
        "anchor_date": anchor.date if anchor else None,
        "anchor_link": anchor.link if anchor else None,
    }


def anchor_of(row: Row[Any]) -> Anchor | None:
    if row.anchor_activity is None:
        return None
    return Anchor(row.anchor_activity, row.anchor_date, row.anchor_link)


def zone_of(name: str) -> str:
    """A zone that there is: UTC for one that is not known here. Platforms name what they like, and
    nobody's clock may hold up a round."""
    return name if is_zone(name) else "UTC"


def hours_of(quiet: str, days_off: str) -> Hours:
    """When somebody is left alone, of "21:00-08:00" and "5 6"; empty is never."""
    start, _, end = quiet.partition("-")
    return Hours(
        quiet_from=time.fromisoformat(start) if start else None,
        quiet_to=time.fromisoformat(end) if end else None,
        days_off=frozenset(int(day) for day in days_off.split()),
    )


def hours_values(hours: Hours) -> Values:
    """The two columns of it."""
    quiet = ""
    if hours.quiet_from is not None and hours.quiet_to is not None:
        start, end = (each.isoformat("minutes") for each in (hours.quiet_from, hours.quiet_to))
        quiet = f"{start}-{end}"
    return {"quiet": quiet, "days_off": " ".join(str(day) for day in sorted(hours.days_off))}


# ---- messages, as JSON ----

PAYLOADS: Mapping[str, type[Payload]] = {
    "said": Said,
    "chose": Chose,
    "edited": Edited,
    "attached": Attached,
    "commanded": Commanded,
    "prompted": Prompted,
    "rewrote": Rewrote,
    "unread": Unread,
}


def payload_values(inbound: Inbound) -> Values:
    """An inbound's payload, to be handled again later. It holds what the person wrote."""
    kind = next(k for k, made in PAYLOADS.items() if isinstance(inbound.payload, made))
    return {
        "kind": kind,
        "values": asdict(inbound.payload),
        "platform": inbound.address.platform,
        "user": inbound.address.user,
        "said_at": inbound.said_at.isoformat(),
        "message_id": inbound.message_id,
        "name": inbound.name,
        "place": inbound.place,
        "is_public": inbound.is_public,
        "about": inbound.about,
    }


def inbound_of(key: str, kept: Values) -> Inbound:
    values = dict(kept["values"])
    if values.get("anchor") is not None:
        values["anchor"] = Anchor(**values["anchor"])
    if kept["kind"] == "rewrote":
        values["texts"] = tuple((step, text) for step, text in values["texts"])
    return Inbound(
        key=key,
        address=Address(kept["platform"], kept["user"]),
        said_at=datetime.fromisoformat(kept["said_at"]),
        payload=PAYLOADS[kept["kind"]](**values),
        message_id=kept["message_id"],
        name=kept["name"],
        place=kept.get("place"),
        is_public=kept.get("is_public", False),
        about=kept.get("about"),
    )


def reply_values(reply: Reply) -> Values:
    kept: Values = {"kind": type(reply).__name__.lower()}
    for name in reply.__dataclass_fields__:
        kept[name] = getattr(reply, name)
    # By hand: `asdict` copies every word once more.
    if "options" in kept:
        kept["options"] = [
            {"name": o.name, "label": o.label, "ticked": o.ticked} for o in kept["options"]
        ]
    if "parts" in kept:
        kept["parts"] = [{"heading": p.heading, "text": p.text} for p in kept["parts"]]
    if isinstance(kept.get("content"), bytes):
        kept["content"] = {"base64": b64encode(kept["content"]).decode()}
    return kept


def reply_of(kept: Values) -> Reply:
    values = dict(kept)
    kind = values.pop("kind")
    if "options" in values:
        values["options"] = tuple(Option(**option) for option in values["options"])
    match kind:
        case "say":
            return Say(**values)
        case "send":
            if isinstance(values["content"], dict):
                values["content"] = b64decode(values["content"]["base64"])
            return Send(**values)
        case "noted":
            return Noted(**values)
        case "ask":
            return Ask(**values)
        case "review":
            values["parts"] = tuple(Part(**part) for part in values["parts"])
            return Review(**values)
        case _:
            raise ValueError(f"a reply of an unknown kind is kept: {kind}")
