"""What stands in blocks: texts, buttons, selects, inputs, with Slack's limits beside them.

Source of the limits: the Block Kit reference of Slack.
"""

from typing import Any

from tests.doubles.slack_shapes import (
    Check,
    Problems,
    array,
    boolean,
    integer,
    one_of,
    rule,
    shape,
    string,
    together,
    typed,
    url,
    wrong,
)

MAX_ID = 255  # characters of block_id, action_id and callback_id
MAX_INPUT = 3000  # characters that can be typed
MAX_OPTIONS = 100  # of a select


def text(most: int, *kinds: str) -> Check:
    """A text object; plain_text unless other kinds are named."""
    words = string(most, 1)
    plain = shape({"type": one_of("plain_text"), "text": words}, {"emoji": boolean})
    marked = shape({"type": one_of("mrkdwn"), "text": words}, {"verbatim": boolean})
    shapes = {"plain_text": plain, "mrkdwn": marked}
    return typed({kind: shapes[kind] for kind in kinds or ("plain_text",)}, "text")


EITHER = ("plain_text", "mrkdwn")
ID = string(MAX_ID, 1)
CONFIRM = shape(
    {
        "title": text(100),
        "text": text(300, *EITHER),
        "confirm": text(30),
        "deny": text(30),
    },
    {"style": one_of("primary", "danger")},
)
_PLAIN_OPTION = shape(
    {"text": text(75), "value": string(150, 1)}, {"description": text(75), "url": url()}
)
_OPTION = shape(
    {"text": text(75, *EITHER), "value": string(150, 1)}, {"description": text(75, *EITHER)}
)
_GROUP = shape({"label": text(75), "options": array(_PLAIN_OPTION, MAX_OPTIONS)})
_SLACK_FILE = shape({}, {"id": string(255, 1), "url": url()})


def _element(
    kind: str, required: dict[str, Check] | None = None, optional: dict[str, Check] | None = None
) -> Check:
    """One that a person can use: it may have an action_id and ask once more."""
    common = {"action_id": ID, "confirm": CONFIRM, "focus_on_load": boolean}
    return shape({"type": one_of(kind), **(required or {})}, common | (optional or {}))


def _options_once(value: dict[str, Any]) -> str:
    if ("options" in value) == ("option_groups" in value):
        return "must provide options or option_groups"
    return ""


def _initial_is_there(value: Any, at: str, problems: Problems) -> None:
    """What is chosen at first is, to the letter, one of what there is to choose."""
    if not isinstance(value, dict):
        return
    there = list(value.get("options") or [])
    for group in value.get("option_groups") or []:
        there += group.get("options", []) if isinstance(group, dict) else []
    chosen = list(value.get("initial_options") or [])
    if value.get("initial_option"):
        chosen.append(value["initial_option"])
    if any(each not in there for each in chosen):
        wrong(problems, "initial option is not one of the options", at)


def _select(kind: str, **more: Check) -> Check:
    fields = {
        "placeholder": text(150),
        "options": array(_PLAIN_OPTION, MAX_OPTIONS),
        "option_groups": array(_GROUP, MAX_OPTIONS),
        **more,
    }
    return together(_element(kind, {}, fields), rule(_options_once), _initial_is_there)


def _typed(kind: str, **more: Check) -> Check:
    """An input that takes what is typed."""
    fields = {
        "placeholder": text(150),
        "initial_value": string(MAX_INPUT),
        "dispatch_action_config": shape(
            {"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), 2)}
        ),
    }
    return _element(kind, {}, fields | more)


def _fits(value: dict[str, Any]) -> str:
    least, most = value.get("min_length"), value.get("max_length")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        return "min_length must not be more than max_length"
    begun = value.get("initial_value")
    if isinstance(begun, str) and isinstance(most, int) and len(begun) > most:
        return "initial_value is longer than max_length"
    return ""


def _image_once(value: dict[str, Any]) -> str:
    if ("image_url" in value) == ("slack_file" in value):
        return "must provide either image_url or slack_file"
    return ""


IMAGE = together(
    shape(
        {"type": one_of("image"), "alt_text": string(2000, 1)},
        {"image_url": url(), "slack_file": _SLACK_FILE},
    ),
    rule(_image_once),
)
BUTTON = _element(
    "button",
    {"text": text(75)},
    {
        "url": url(),
        "value": string(2000),
        "style": one_of("primary", "danger"),
        "accessibility_label": string(75),
    },
)
_PLACE = {"placeholder": text(150)}
_CHOICES = {
    "static_select": _select("static_select", initial_option=_PLAIN_OPTION),
    "multi_static_select": _select(
        "multi_static_select",
        initial_options=array(_PLAIN_OPTION, MAX_OPTIONS),
        max_selected_items=integer(1, MAX_OPTIONS),
    ),
    "users_select": _element("users_select", {}, _PLACE | {"initial_user": string(255)}),
    "channels_select": _element("channels_select", {}, _PLACE | {"initial_channel": string(255)}),
    "conversations_select": _element(
        "conversations_select",
        {},
        _PLACE
        | {
            "initial_conversation": string(255),
            "default_to_current_conversation": boolean,
        },
    ),
    "radio_buttons": together(
        _element("radio_buttons", {"options": array(_OPTION, 10)}, {"initial_option": _OPTION}),
        _initial_is_there,
    ),
    "checkboxes": together(
        _element(
            "checkboxes", {"options": array(_OPTION, 10)}, {"initial_options": array(_OPTION, 10)}
        ),
        _initial_is_there,
    ),
    "datepicker": _element("datepicker", {}, _PLACE | {"initial_date": string(10, 10)}),
    "timepicker": _element(
        "timepicker", {}, _PLACE | {"initial_time": string(5, 5), "timezone": string(255)}
    ),
}
_MOMENT = {
    "datetimepicker": _element("datetimepicker", {}, {"initial_date_time": integer(0, 9**11)})
}
_OVERFLOW = {"overflow": _element("overflow", {"options": array(_PLAIN_OPTION, 5)})}

IN_ACTIONS = typed({"button": BUTTON, **_CHOICES, **_MOMENT, **_OVERFLOW}, "element")
IN_SECTION = typed({"button": BUTTON, "image": IMAGE, **_CHOICES, **_OVERFLOW}, "element")
IN_CONTEXT = typed(
    {
        "image": IMAGE,
        "plain_text": text(3000, "plain_text"),
        "mrkdwn": text(3000, "mrkdwn"),
    },
    "element",
)
IN_INPUT = typed(
    {
        **_CHOICES,
        **_MOMENT,
        "plain_text_input": together(
            _typed(
                "plain_text_input",
                multiline=boolean,
                min_length=integer(0, MAX_INPUT),
                max_length=integer(1, MAX_INPUT),
            ),
            rule(_fits),
        ),
        "email_text_input": _typed("email_text_input"),
        "url_text_input": _typed("url_text_input"),
        "number_input": together(
            _typed(
                "number_input",
                is_decimal_allowed=boolean,
                min_value=string(20),
                max_value=string(20),
            ),
            rule(lambda value: "" if "is_decimal_allowed" in value else "say is_decimal_allowed"),
        ),
        "file_input": _element(
            "file_input",
            {},
            {"filetypes": array(string(20, 1), 50), "max_files": integer(1, 10)},
        ),
    },
    "element",
)
