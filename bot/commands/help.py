from collections.abc import Iterator

from bot.commands.command import Call, Command
from flows.messages import Reply


def _help(call: Call) -> Iterator[Reply]:
    """What this person may write: commands by role, from the one table."""
    from bot.commands import COMMANDS

    lines = [call.word("help-intro")]
    for command in COMMANDS:
        if command.may(call.member.role, is_owner=call.is_owner):
            args = f" {call.word(f'help-args-{command.name}')}" if command.takes else ""
            spelled = call.word("command", name=command.name)
            lines.append(f"{spelled}{args}: {call.word(f'help-{command.name}')}")
    yield call.say("help", lines="\n".join(lines))


HELP = Command(name="help", run=_help, anywhere=True)
