"""The blocks of messages and views: what Slack refuses of them, and what it adds."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from tests.doubles.slack_elements import (
    EITHER,
    ID,
    IN_ACTIONS,
    IN_CONTEXT,
    IN_INPUT,
    IN_SECTION,
    text,
)
from tests.doubles.slack_shapes import (
    Check,
    Problems,
    anything,
    array,
    boolean,
    one_of,
    rule,
    shape,
    string,
    together,
    typed,
    url,
    wrong,
)
from tests.doubles.slack_text import texts
from tests.doubles.slack_wire import Refused, Wire, invalid

MAX_IN_MESSAGE, MAX_IN_VIEW = 50, 100  # blocks
MAX_ALL = 13_200  # characters over all blocks of a message; not documented, but reported
MAX_MARKDOWN = 12_000  # characters
MAX_VIEW = 250_000  # bytes of a whole view


def _block(
    kind: str, required: dict[str, Check] | None = None, optional: dict[str, Check] | None = None
) -> Check:
    return shape({"type": one_of(kind), **(required or {})}, {"block_id": ID, **(optional or {})})


def _said(value: Wire) -> str:
    return "" if "text" in value or "fields" in value else "must have text or fields"


def _image_once(value: Wire) -> str:
    once = ("image_url" in value) != ("slack_file" in value)
    return "" if once else "must provide either image_url or slack_file"


_BLOCKS: dict[str, Check] = {
    "section": together(
        _block(
            "section",
            {},
            {
                "text": text(3000, *EITHER),
                "fields": array(text(2000, *EITHER), 10),
                "accessory": IN_SECTION,
                "expand": boolean,
            },
        ),
        rule(_said),
    ),
    "header": _block("header", {"text": text(150)}),
    "divider": _block("divider"),
    "context": _block("context", {"elements": array(IN_CONTEXT, 10)}),
    "actions": _block("actions", {"elements": array(IN_ACTIONS, 25)}),
    "image": together(
        _block(
            "image",
            {"alt_text": string(2000, 1)},
            {"image_url": url(), "slack_file": anything, "title": text(2000)},
        ),
        rule(_image_once),
    ),
    "input": _block(
        "input",
        {"label": text(2000), "element": IN_INPUT},
        {"hint": text(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    # Its inside is checked only in that it is there: Storytrail writes none.
    "rich_text": _block("rich_text", {"elements": array(anything, 1000, 0)}),
}
_IN_MESSAGE = _BLOCKS | {"markdown": _block("markdown", {"text": string(MAX_MARKDOWN, 1)})}

_MESSAGE = array(typed(_IN_MESSAGE, "block"), MAX_IN_MESSAGE, 0)
_VIEW_BLOCKS = array(typed(_BLOCKS, "block"), MAX_IN_VIEW, 0)
_COMMON: dict[str, Check] = {
    "private_metadata": string(3000),
    "callback_id": string(255),
    "external_id": string(255),
}
_MODAL = shape(
    {"type": one_of("modal"), "title": text(24), "blocks": _VIEW_BLOCKS},
    _COMMON
    | {
        "submit": text(24),
        "close": text(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
)
_HOME = shape({"type": one_of("home"), "blocks": _VIEW_BLOCKS}, _COMMON)


def message_blocks(given: Any, name: Callable[[], str]) -> list[Wire]:
    """The blocks as a message keeps them: checked, and with the ids that were left out."""
    if not isinstance(given, list):
        raise Refused("invalid_blocks_format")
    problems: Problems = []
    _MESSAGE(given, "/blocks", problems)
    if not problems:
        _unique(given, "/blocks", problems)
    if problems:
        raise invalid(problems, "invalid_blocks")
    if sum(len(text) for _, text in texts(given)) > MAX_ALL:
        raise Refused("msg_blocks_too_long")
    return named(given, name)


def checked_view(given: Any, *kinds: str) -> Wire:
    """A view that may be shown, of one of these kinds."""
    if not isinstance(given, dict):
        raise invalid(["must be an object [json-pointer:/view]"])
    problems: Problems = []
    kind = given.get("type")
    if kind not in kinds:
        wrong(problems, f"must be one of: {', '.join(kinds)}", "/view/type")
    elif kind == "modal":
        _MODAL(given, "/view", problems)
    else:
        _HOME(given, "/view", problems)
    if not problems:
        _unique(given["blocks"], "/view/blocks", problems)
        inputs = any(block["type"] == "input" for block in given["blocks"])
        if inputs and kind == "modal" and not given.get("submit"):
            wrong(problems, "submit is required when an input block is in blocks", "/view")
    if problems:
        raise invalid(problems)
    if len(repr(given)) > MAX_VIEW:
        raise Refused("view_too_large")
    return given


def _unique(blocks: list[Wire], at: str, problems: Problems) -> None:
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        id = block.get("block_id")
        if id in seen:
            wrong(problems, f"`block_id` {id} already exists", f"{at}/{number}/block_id")
        seen.update([id] if id else [])
        actions: set[str] = set()
        for place, element in enumerate(elements_of(block)):
            action = element.get("action_id")
            if action in actions:
                where = f"{at}/{number}/elements/{place}/action_id"
                wrong(problems, f"`action_id` {action} already exists", where)
            actions.update([action] if action else [])


def elements_of(block: Wire) -> list[Wire]:
    """What can be tapped or filled in in a block."""
    if block["type"] == "actions":
        found: list[Wire] = block["elements"]
        return found
    inside = block.get("accessory") if block["type"] == "section" else block.get("element")
    return [inside] if inside and inside["type"] != "image" else []


def named(blocks: list[Wire], name: Callable[[], str]) -> list[Wire]:
    """A copy in which every block and element has an id."""
    kept = deepcopy(blocks)
    for block in kept:
        block.setdefault("block_id", name())
        for element in elements_of(block):
            element.setdefault("action_id", name())
    return kept


def label_of(element: Wire) -> str:
    """What stands on a button, or before a choice was made."""
    return str((element.get("text") or element.get("placeholder") or {}).get("text", ""))
