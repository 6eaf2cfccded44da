"""What a typed message means where it was typed: a button, a refusal, or words to keep."""

import re
from collections.abc import Sequence

from flows.asking import SKIP, Asker
from flows.conversation import Answer, Conversation, Wish
from flows.definition import Choice, Kind
from flows.messages import MAX_WORDS, Inbound, Option
from flows.probes import GapRule, Rules, meaning_of

NUMBER = re.compile("[1-9][0-9]{0,3}")
NOT_NOW = {"no", "not-yet"}
"""What says to somebody who asks for a story: not this time."""

LABEL = 200  # characters; nothing longer is a label or a refusal
SURROGATE = re.compile("[\ud800-\udfff]")


def unkeepable(text: str) -> str | None:
    """Why a text can't be kept, as a text key; None where it can."""
    if not text or text.isspace():
        return "said-nothing"
    if len(text) > MAX_WORDS:
        return "said-too-long"
    # PostgreSQL keeps no NUL, and half of a surrogate pair is no character at all.
    if "\0" in text or (not text.isascii() and SURROGATE.search(text)):
        return "said-unkeepable"
    return None


def not_taken(ask: Asker, conversation: Conversation) -> str:
    """Why words are not kept where only a choice is asked for, as a text key."""
    kind = ask.definition.step(conversation.step).kind
    if conversation.aside is None and kind is Kind.CONSENT:
        return "agree-first"
    if conversation.aside is None and kind is Kind.CLOSING:
        return "after-sent"
    return "choose-first"


def written_before_question(conversation: Conversation, inbound: Inbound) -> Answer | None:
    """The answer that a message belongs to which was written before the open question came."""
    delivered = conversation.delivered_at
    if delivered is not None and inbound.said_at > delivered:
        return None
    if conversation.aside is not None or not conversation.trail:
        return None
    before = conversation.trail[-1]
    there = [a for a in conversation.live if a.place == before and a.text is not None]
    return there[-1] if there else None


def typed_option(options: Sequence[Option], text: str, rules: Rules) -> str | None:
    """The button of a command's question that a typed line stands for.

    Its number, its exact label, or yes and no where the buttons are called so.
    """
    return _numbered_or_labelled(options, text) or next(
        (o.name for o in options if o.name in meaning_of(text, rules)), None
    )


def typed_choice(ask: Asker, rules: Rules, conversation: Conversation, text: str) -> str | None:
    """The button that a typed line stands for: its number, its exact label, or a refusal.

    A leading space keeps any of them as words.
    """
    if text.startswith(" ") or len(text) > LABEL:
        return None
    options = ask.options(conversation)
    if NUMBER.fullmatch(" ".join(text.split())):
        return _numbered_or_labelled(options, text)
    return _numbered_or_labelled(options, text) or _refused(
        ask, rules, conversation, text, {o.name for o in options}
    )


def _numbered_or_labelled(options: Sequence[Option], text: str) -> str | None:
    said = " ".join(text.split())
    if NUMBER.fullmatch(said):
        return options[int(said) - 1].name if 1 <= int(said) <= len(options) else None
    labels = {option.label.casefold(): option.name for option in options}
    return labels.get(said.casefold())


def _refused(
    ask: Asker, rules: Rules, conversation: Conversation, text: str, offered: set[str]
) -> str | None:
    meanings = meaning_of(text, rules)
    if not meanings:
        return None
    if conversation.is_asked_for and not NOT_NOW.isdisjoint(meanings):
        return Wish.NOT_NOW
    if conversation.aside is None and SKIP in meanings:
        return SKIP
    if conversation.aside is None and conversation.detail is not None and SKIP in offered:
        gap = rules.gaps.get(conversation.detail, GapRule())
        return None if set(gap.answered_by) & set(meanings) else SKIP
    for choice in _choices(ask, conversation):
        if choice.name in offered and set(choice.typed) & set(meanings):
            return choice.name
    return None


def _choices(ask: Asker, conversation: Conversation) -> tuple[Choice, ...]:
    if conversation.aside is not None:
        return ask.definition.asides[conversation.aside].choices
    return ask.definition.step(conversation.step).choices
