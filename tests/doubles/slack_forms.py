"""What a person filled in or chose: the state of a view or message, and single actions."""

from typing import Any

from tests.doubles.slack_blocks import elements_of, label_of
from tests.doubles.slack_text import told_back
from tests.doubles.slack_wire import Wire

_SINGLE = {
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
}
_OPTION = frozenset({"static_select", "radio_buttons"})
_OPTIONS = frozenset({"multi_static_select", "checkboxes"})
_STATELESS = frozenset({"button", "overflow", "image"})


def state(blocks: list[Wire], filled: dict[str, Any] | None = None) -> Wire:
    """What `view_submission` and `block_actions` tell as state.values.

    `filled` goes by block_id, action_id or label: words for what is typed or picked (of an option
    its text or value), a list of them for what takes several. What is left out stays as it began.
    """
    rest = dict(filled or {})
    values: dict[str, Wire] = {}
    for block in blocks:
        for element in elements_of(block):
            if element["type"] in _STATELESS:
                continue
            names = [block["block_id"], element["action_id"], _label(block)]
            name = next((name for name in names if name in rest), None)
            one = _value(element, rest.pop(name) if name is not None else None)
            values.setdefault(block["block_id"], {})[element["action_id"]] = one
    if rest:
        raise AssertionError(f"there is nothing to fill in called {list(rest)}")
    return {"values": values}


def complete(blocks: list[Wire], told: Wire) -> None:
    """Raises where a client does not let one submit."""
    for block in blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        value = told["values"][block["block_id"]][element["action_id"]]
        given = next((v for k, v in value.items() if k != "type"), None)
        if given in (None, "", []):
            if not block.get("optional"):
                raise AssertionError(f"{_label(block)!r} must be filled in")
            continue
        most = element.get("max_length", 3000)
        if isinstance(given, str) and not element.get("min_length", 0) <= len(given) <= most:
            raise AssertionError(f"{_label(block)!r} takes no text of {len(given)} characters")


def action(block: Wire, element: Wire, option: str | None, ts: str) -> Wire:
    """One element of `actions`."""
    told: Wire = {key: element[key] for key in ("action_id", "type")}
    told |= {"block_id": block["block_id"], "action_ts": ts}
    if element["type"] == "button":
        kept: Wire = {key: element[key] for key in ("value", "style", "url") if key in element}
        return told | kept | {"text": told_back(element["text"])}
    if option is None:
        raise AssertionError(f"say which option of {label_of(element)!r}")
    if element["type"] == "overflow":
        return told | {"selected_option": _option(element, option)}
    chosen = _value(element, [option] if element["type"] in _OPTIONS else option)
    return told | {key: value for key, value in chosen.items() if key != "type"}


def _label(block: Wire) -> str:
    return str((block.get("label") or {}).get("text", ""))


def _value(element: Wire, filled: Any) -> Wire:
    kind = element["type"]
    if kind in _OPTION:
        chosen = element.get("initial_option") if filled is None else _option(element, filled)
        return {"type": kind, "selected_option": chosen}
    if kind in _OPTIONS:
        several = element.get("initial_options", [])
        if filled is not None:
            several = [_option(element, each) for each in filled]
        return {"type": kind, "selected_options": several}
    if kind in _SINGLE:
        name, initial = _SINGLE[kind]
        return {"type": kind, name: element.get(initial) if filled is None else filled}
    if kind == "file_input":
        return {"type": kind, "files": filled or []}
    # A field that is left empty, or emptied, tells null.
    return {
        "type": kind,
        "value": (element.get("initial_value") if filled is None else filled) or None,
    }


def _option(element: Wire, wanted: str) -> Wire:
    options = list(element.get("options") or [])
    for group in element.get("option_groups") or []:
        options += group["options"]
    for option in options:
        if wanted in {option["text"]["text"], option["value"]}:
            kept: Wire = {
                key: option[key] for key in ("text", "value", "description") if key in option
            }
            return kept
    raise AssertionError(f"no option {wanted!r}, only {[o['text']['text'] for o in options]}")
