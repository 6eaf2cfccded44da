"""Groups: nothing is told there, and what is asked there by whoever may is answered there."""

from tests.doubles.telegram_server import Person, TelegramServer
from tests.running import PATIENCE, Running
from tests.telegram.process import INTERVIEW, goes_through


def granted(bot: Running, person: Person, role: str) -> None:
    done = bot.program("role", "grant", f"telegram:{person.id}", role)
    assert (done.returncode, done.stderr) == (0, "")


def test_in_a_group_it_only_shows_the_way(
    server: TelegramServer, bot: Running, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    group = server.group("The circle", members=[ana])
    group.promotes_bot()  # it hears everything now
    ana.says("Hello all, we met.", in_=group)
    for said in ("Hi @storytrail_test_bot!", "/tell", "/tell@storytrail_test_bot"):
        ana.says(said, in_=group)
        shown = group.sees(PATIENCE)
        assert shown.text == "Stories are told in private, so that you choose who reads them."
        assert shown.buttons == {"Write to me": "https://t.me/storytrail_test_bot"}
    group.sees_nothing()
    assert bot.words() == []
    goes_through(server, ana, INTERVIEW[2:])


def test_a_groups_button_leads_into_its_community(
    server: TelegramServer, bot: Running, ana: Person
) -> None:
    made = bot.program("community", "add", "lending", "--name", "the Lending Circle")
    assert (made.returncode, made.stderr) == (0, "")
    group = server.group("The circle", members=[ana])
    placed = bot.program("community", "place", "lending", f"telegram:{group.id}")
    assert (placed.returncode, placed.stderr) == (0, "")
    ana.says("/tell@storytrail_test_bot", in_=group)
    link = group.sees(PATIENCE).buttons["Write to me"]
    assert link == "https://t.me/storytrail_test_bot?start=tell-lending"
    server.later(2)
    ana.says("/start tell-lending")
    assert "the Lending Circle" in ana.sees(PATIENCE).text


def test_a_made_up_link_opens_no_closed_community(
    server: TelegramServer, bot: Running, ana: Person
) -> None:
    made = bot.program(
        "community", "add", "lending", "--name", "the Lending Circle", "--access", "invite"
    )
    assert (made.returncode, made.stderr) == (0, "")
    for link, said in (("tell-lending", "You need an invite"), ("tell-nowhere", "That invite")):
        ana.says(f"/start {link}")
        assert ana.sees(PATIENCE).text.startswith(said)


def test_an_organizers_summary_comes_where_it_was_asked_for(
    server: TelegramServer, bot: Running, ana: Person
) -> None:
    goes_through(server, ana)
    ben = server.person("Ben")
    goes_through(server, ben, INTERVIEW[:1])
    granted(bot, ben, "organizer")
    group = server.group("The circle", members=[ana, ben], topics=["News", "Stories"])
    ben.says("/summary@storytrail_test_bot", in_=group, topic="Stories")
    shown = group.sees(PATIENCE)
    assert "1 sent" in shown.text
    assert shown.topic == group.topic("Stories").id
    ana.says("/summary@storytrail_test_bot", in_=group, topic="News")
    shown = group.sees(PATIENCE)
    assert shown.text.startswith("That is for organizers.")
    assert shown.topic == group.topic("News").id


def test_a_group_that_moved_is_answered_where_it_is_now(
    server: TelegramServer, bot: Running, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:1])
    group = server.group("The circle", members=[ana])
    ana.says("/tell@storytrail_test_bot", in_=group)
    group.sees(PATIENCE)
    group.migrates()
    ana.says("/tell@storytrail_test_bot", in_=group)
    assert group.sees(PATIENCE).buttons
