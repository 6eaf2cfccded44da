"""How the shape of a JSON value is told and checked, with problems in Slack's own form."""

from collections.abc import Callable
from typing import Any

from tests.doubles.slack_wire import Wire

Problems = list[str]
Check = Callable[[Any, str, Problems], None]
"""Of a value at a JSON pointer: adds what is wrong with it."""


def wrong(problems: Problems, what: str, at: str) -> None:
    problems.append(f"{what} [json-pointer:{at}]")


def string(most: int, least: int = 0) -> Check:
    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, str):
            wrong(problems, "must be a string", at)
        elif len(value) < least:
            wrong(problems, f"must be more than {least - 1} characters", at)
        elif len(value) > most:
            wrong(problems, f"must be less than {most + 1} characters", at)

    return check


def one_of(*allowed: str) -> Check:
    def check(value: Any, at: str, problems: Problems) -> None:
        if value not in allowed:
            wrong(problems, f"must be one of: {', '.join(allowed)}", at)

    return check


def boolean(value: Any, at: str, problems: Problems) -> None:
    if not isinstance(value, bool):
        wrong(problems, "must be a boolean", at)


def integer(least: int, most: int) -> Check:
    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            wrong(problems, "must be an integer", at)
        elif not least <= value <= most:
            wrong(problems, f"must be between {least} and {most}", at)

    return check


def url(most: int = 3000) -> Check:
    length = string(most, 1)

    def check(value: Any, at: str, problems: Problems) -> None:
        before = len(problems)
        length(value, at, problems)
        if len(problems) == before and not value.startswith(("http://", "https://")):
            wrong(problems, "must be a valid URL", at)

    return check


def array(of: Check, most: int, least: int = 1) -> Check:
    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, list):
            wrong(problems, "must be an array", at)
            return
        if len(value) > most:
            wrong(problems, f"no more than {most} items allowed", at)
        elif len(value) < least:
            wrong(problems, f"no fewer than {least} items allowed", at)
        else:
            for number, each in enumerate(value):
                of(each, f"{at}/{number}", problems)

    return check


def anything(value: Any, at: str, problems: Problems) -> None:
    pass


def shape(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Check:
    """An object with these fields and no others."""
    optional = optional or {}
    known = required | optional

    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            wrong(problems, "must be an object", at)
            return
        for name in required:
            if name not in value:
                wrong(problems, f"missing required field: {name}", at)
        for name, each in value.items():
            if name not in known:
                wrong(problems, f"invalid additional property: {name}", at)
            elif each is not None or name in required:
                known[name](each, f"{at}/{name}", problems)

    return check


def typed(shapes: dict[str, Check], what: str) -> Check:
    """An object that says by its `type` which of these it is."""

    def check(value: Any, at: str, problems: Problems) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if kind not in shapes:
            wrong(problems, f"unsupported type: {kind}" if kind else f"missing {what} type", at)
        else:
            shapes[kind](value, at, problems)

    return check


def together(*checks: Check) -> Check:
    def check(value: Any, at: str, problems: Problems) -> None:
        for each in checks:
            each(value, at, problems)

    return check


def rule(broken: Callable[[Wire], str]) -> Check:
    """Something that holds between fields; `broken` gives the words if it does not."""

    def check(value: Any, at: str, problems: Problems) -> None:
        if isinstance(value, dict) and (told := broken(value)):
            wrong(problems, told, at)

    return check
