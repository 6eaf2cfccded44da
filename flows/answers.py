"""Rows of answers: given, said anew, gone back on. No row is ever dropped or rewritten here."""

from collections.abc import Callable
from datetime import datetime

from flows.conversation import Answer, Conversation, How, Standing
from flows.values import replace


def give(
    conversation: Conversation,
    *,
    step: str,
    asked: str,
    now: datetime,
    text: str | None = None,
    choice: str | None = None,
    how: How = How.NO,
    message_id: str | None = None,
) -> Conversation:
    """A new answer to `step`. What answered it before at the same place counts as replaced."""
    rows = conversation.answers
    before = [a for a in conversation.live if a.step == step] if rows else []
    kept = [a for a in before if a.place != conversation.place]
    if len(kept) < len(before):
        rows = _replaced(conversation, lambda a: a in before and a not in kept)
    answer = Answer(
        step=step,
        part=max((a.part for a in kept), default=-1) + 1,
        revision=_next_revision(conversation, step),
        place=conversation.place,
        turn=conversation.revision,
        position=kept[0].position if kept else _next_position(conversation),
        asked=asked,
        said_at=now,
        text=text,
        choice=choice,
        how=how,
        message_id=message_id,
    )
    return replace(conversation, answers=(*rows, answer))


def append(
    conversation: Conversation, to: Answer, *, text: str, now: datetime, message_id: str | None
) -> Conversation:
    """A further message that belongs to the answer `to`."""
    part = max(a.part for a in conversation.answers if a.step == to.step) + 1
    further = replace(
        to, part=part, turn=conversation.revision, said_at=now, text=text, message_id=message_id
    )
    return replace(conversation, answers=(*conversation.answers, further))


def reword(
    conversation: Conversation, step: str, *, text: str, now: datetime, message_id: str | None
) -> Conversation:
    """All that answered `step` said anew, as one text; unchanged where nothing did."""
    before = [a for a in conversation.live if a.step == step]
    if not before:
        return conversation
    anew = replace(
        before[0],
        revision=_next_revision(conversation, step),
        place=conversation.place,
        turn=conversation.revision,
        said_at=now,
        text=text,
        choice=None,
        message_id=message_id,
    )
    rows = _replaced(conversation, lambda a: a in before)
    return replace(conversation, answers=(*rows, anew))


def edit(conversation: Conversation, message_id: str, *, text: str, now: datetime) -> Conversation:
    """The message `message_id` in a new wording; unchanged where it answered nothing."""
    before = next((a for a in conversation.live if a.message_id == message_id), None)
    if before is None or before.text == text:
        return conversation
    anew = replace(
        before,
        revision=_next_revision(conversation, before.step),
        turn=conversation.revision,
        said_at=now,
        text=text,
    )
    return replace(conversation, answers=(*_replaced(conversation, lambda a: a == before), anew))


def propose(
    conversation: Conversation, message_id: str, *, text: str, now: datetime
) -> tuple[Conversation, Answer] | None:
    """The message `message_id` in a new wording that counts only once it is taken.

    None where it answered nothing, or reads so already.
    """
    before = next((a for a in conversation.live if a.message_id == message_id), None)
    if before is None or before.text == text:
        return None
    proposed = replace(
        before,
        revision=_next_revision(conversation, before.step),
        turn=conversation.revision,
        said_at=now,
        text=text,
        standing=Standing.PROPOSED,
    )
    return replace(conversation, answers=(*conversation.answers, proposed)), proposed


def proposed(conversation: Conversation, step: str, part: int, revision: int) -> Answer | None:
    """A proposed wording, as long as what it was written over counts."""
    still_counts = any((a.step, a.part) == (step, part) for a in conversation.live)
    return next(
        (
            a
            for a in conversation.answers
            if (a.step, a.part, a.revision) == (step, part, revision)
            and a.standing is Standing.PROPOSED
            and still_counts
        ),
        None,
    )


def take(conversation: Conversation, wording: Answer) -> Conversation:
    """A proposed wording counts in place of the one that it was written over."""
    rows = _replaced(conversation, lambda a: (a.step, a.part) == (wording.step, wording.part))
    taken = replace(wording, standing=Standing.LIVE, turn=conversation.revision)
    return replace(conversation, answers=tuple(taken if a == wording else a for a in rows))


def undo(conversation: Conversation, place: str, *, said_anew: bool) -> Conversation:
    """What was answered at `place` taken back.

    Where it was something `said_anew`, the wording before it counts again.
    """
    there = [a for a in conversation.live if a.place == place]
    if not there:
        return conversation
    turn = max(a.turn for a in there)
    if said_anew:
        there = [a for a in there if a.turn == turn]

    def taken_back(answer: Answer) -> Answer:
        if answer in there:
            return replace(answer, standing=Standing.UNDONE, ended_in=conversation.revision)
        if said_anew and answer.standing is Standing.REPLACED and answer.ended_in == turn:
            return replace(answer, standing=Standing.LIVE, ended_in=None)
        return answer

    return replace(conversation, answers=tuple(taken_back(a) for a in conversation.answers))


def undo_since(conversation: Conversation, at: datetime) -> Conversation:
    """What was answered after `at` taken back, and what counted then counts again."""
    turns = {a.turn for a in conversation.answers if a.said_at > at}

    def taken_back(answer: Answer) -> Answer:
        if answer.said_at > at and answer.standing is Standing.LIVE:
            return replace(answer, standing=Standing.UNDONE, ended_in=conversation.revision)
        if answer.said_at <= at and answer.ended_in in turns:
            return replace(answer, standing=Standing.LIVE, ended_in=None)
        return answer

    return replace(conversation, answers=tuple(taken_back(a) for a in conversation.answers))


def set_aside(conversation: Conversation) -> tuple[Answer, ...]:
    """The words once given at the present place and gone back on since, latest ones only."""
    undone = [
        a
        for a in conversation.answers
        if a.place == conversation.place and a.standing is Standing.UNDONE and a.text is not None
    ]
    if not undone or any(a.place == conversation.place for a in conversation.live):
        return ()
    latest = max(a.ended_in or 0 for a in undone)
    return tuple(a for a in undone if a.ended_in == latest)


def take_up(conversation: Conversation) -> Conversation:
    """The words that were set aside at the present place count again.

    Where they are a new wording, they count in place of the one before it.
    """
    again = set_aside(conversation)
    said_anew = {a.step for a in again if a.place.partition("/")[0] != a.step}
    before = [a for a in conversation.live if a.step in said_anew]
    position = before[0].position if before else _next_position(conversation)

    def taken_up(answer: Answer) -> Answer:
        if answer not in again:
            return answer
        return replace(
            answer,
            standing=Standing.LIVE,
            ended_in=None,
            position=position,
            turn=conversation.revision,
        )

    rows = _replaced(conversation, lambda a: a in before)
    return replace(conversation, answers=tuple(taken_up(a) for a in rows))


def _replaced(conversation: Conversation, which: Callable[[Answer], bool]) -> tuple[Answer, ...]:
    return tuple(
        replace(a, standing=Standing.REPLACED, ended_in=conversation.revision)
        if a.standing is Standing.LIVE and which(a)
        else a
        for a in conversation.answers
    )


def _next_revision(conversation: Conversation, step: str) -> int:
    return max((a.revision for a in conversation.answers if a.step == step), default=-1) + 1


def _next_position(conversation: Conversation) -> int:
    return max((a.position for a in conversation.answers), default=-1) + 1
