from sqlalchemy import func, select

from storage.tables import rounds


def test_an_owner_who_belongs_to_no_community_has_its_members_asked(town):
    town.tells("ana", "We met in March, and it was good.")
    town.adds("other")
    town.says("olga", "/start")

    asked = town.says("olga", "/prompt now", "1")
    said = town.taps("olga", "send")
    numbers = town.says("olga", "/rounds", "1")

    assert "1 of 1 would be asked now" in asked[-1].text
    assert said[-1].text.startswith("They are being asked")
    assert "planned 0" in numbers[-1].text
    begun = select(func.count()).select_from(rounds)
    assert town.read(lambda work: work._connection.execute(begun).scalar()) == 1
