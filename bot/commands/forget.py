from collections.abc import Iterator

from bot.commands.command import Asks, Call, Command, Ends, Outcome, Question, Values
from flows.messages import Option
from storage.audit import Action, Entry


def _forget(call: Call) -> Iterator[Outcome]:
    """Erase everything about the caller, after asking twice."""
    yield Asks({"stage": "first"})


def _ask(call: Call, values: Values) -> tuple[str, tuple[Option, ...]] | None:
    if values["stage"] == "sure":
        return call.word("forget-sure"), (
            call.option("no", "forget-choice-keep"),
            call.option("yes", "forget-choice-sure"),
        )
    lines = [call.word("forget-ask"), "", call.word("forget-beyond"), *_exports(call)]
    return "\n".join(lines), (
        call.option("yes", "forget-choice-yes"),
        call.option("no", "forget-choice-keep"),
    )


def _chosen(call: Call, values: Values, choice: str) -> Iterator[Outcome]:
    if choice != "yes":
        yield call.say("forget-kept")
    elif values["stage"] == "first":
        yield Asks({"stage": "sure"})
    else:
        # By a row without a name: that it was done is all that stays.
        call.work.erasure.erase_member(call.member.id, now=call.now)
        yield Entry(action=Action.MEMBER_FORGOTTEN, by=call.member.id)
        yield Ends()
        yield call.say("forget-done")


def _exports(call: Call) -> Iterator[str]:
    """The files made of stories since this person sent one for those readers."""
    seen = False
    for at, audience in call.work.audit.exports_with(call.member.id):
        if not seen:
            yield from ("", call.word("forget-exports"))
            seen = True
        reader = call.word(f"reader-{audience}")
        yield call.word("forget-export", date=at.date(), reader=reader)


FORGET = Command(
    name="forget",
    run=_forget,
    question=Question(ask=_ask, chosen=_chosen),
    anywhere=True,
)
