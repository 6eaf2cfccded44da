"""What clients list behind the slash."""

from tests.doubles.telegram_server import Person, TelegramServer
from tests.running import PATIENCE, Running
from tests.telegram.process import INTERVIEW, comes, goes_through


def granted(bot: Running, person: Person, role: str) -> None:
    done = bot.program("role", "grant", f"telegram:{person.id}", role)
    assert (done.returncode, done.stderr) == (0, "")


def test_clients_list_the_commands_of_every_member_and_more_for_a_role(
    server: TelegramServer, bot: Running, ana: Person
) -> None:
    ben = server.person("Ben")
    goes_through(server, ben, INTERVIEW[:1])
    server.until(lambda: server.commands_shown(ana), PATIENCE)
    granted(bot, ben, "organizer")
    bot.terminate()
    bot.start()  # it looks for roles when it starts, and then each minute
    server.until(lambda: len(names(server, ben)) > len(names(server, ana)), PATIENCE)
    assert {"tell", "help", "mystories", "withdraw"} <= names(server, ana)
    assert names(server, ben) > names(server, ana)
    assert "roles" in names(server, ben) - names(server, ana)
    comes(server, ben, "May I keep your answers?")


def names(server: TelegramServer, person: Person) -> set[str]:
    return {command["command"] for command in server.commands_shown(person)}
