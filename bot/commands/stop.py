from collections.abc import Iterator

from bot.commands.command import Call, Command, Outcome
from bot.commands.snooze import no_prompt


def _stop(call: Call) -> Iterator[Outcome]:
    """No prompt any more. Stories can be told all the same."""
    call.work.prompting.change(call.member.id, stopped_at=call.now)
    yield from no_prompt(call, call.say("prompt-stopped"))


STOP = Command(name="stop", run=_stop, anywhere=True)
