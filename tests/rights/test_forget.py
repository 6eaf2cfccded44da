"""`/forget`: everything of a person goes, and the counts stay true."""

from sqlalchemy import select

from flows.messages import Address, Attached, Commanded, Edited, Inbound, Said
from storage.audit import Action, Entry
from storage.inbox import InboxStatus
from storage.members import Role
from storage.tables import metadata
from tests.rights.conftest import (
    button,
    counts_of,
    exported,
    files_with,
    hears_unseen,
    places_with,
    text_of,
)

MARKER = "ZEBRAFINK"

SAID = {
    "answer": "answers.text",
    "follow-up": "answers.text",
    "edited": "answers.text",
    "gone-back": "answers.text",
    "caption": "evidence.caption",
    "file": "evidence.name",
    "reworded": "steps.text",
    "pseudonym": "stories.pseudonym",
    "draft": "answers.text",
    "open": "answers.text",
    "failed": "inbox.payload",
    "use": "permissions.use",
    "reason": "stories.hidden_because",
}
"""What Ana says, each with the marker and this word behind it, and a place that keeps it."""


def mark(word: str) -> str:
    return f"{MARKER}-{word}"


def forgets(town, name="ana"):
    """All of /forget; what is said in the end."""
    town.says(name, "/forget")
    return text_of(town.taps(name, "yes", "yes"))


def says_it_in_every_way(town):
    """Ana tells, changes, attaches, keeps for later; organizers ask and hide. Her story."""
    town.has("olga", Role.ORGANIZER)
    town.says("ana", "hello")
    town.taps("ana", "agree")
    town.says("ana", f"On 3 May the {mark('answer')} sang, and it was fun.")
    first = f"m{town._keys}"
    town.says("ana", "new ideas", f"about {mark('follow-up')}")
    town.hears("ana", Edited(first, f"On 3 May the {mark('edited')} sang, and it was fun."))
    town.hears(
        "ana",
        Attached(
            "document", mark("id"), mark("file"), caption=f"I used the {mark('caption')} in May."
        ),
    )
    town.says("ana", f"It was {mark('gone-back')} than before.", "/back")
    town.says("ana", "It was better than before.")
    while town.asked("ana").step != "review":
        town.says("ana", "/skip")
    town.taps("ana", "change", "part-activity")
    town.says("ana", f"On 3 May the {mark('reworded')} sang, and it was fun.")
    town.taps("ana", "pseudonym")
    town.says("ana", mark("pseudonym"))
    town.taps("ana", "circle", "yes")
    ref = town.refs("ana")[0]
    town.says("olga", f"/permission {ref} for {mark('use')}")
    town.delivered("ana")
    town.taps("ana", "named")
    town.says("olga", f"/hide {ref} {mark('reason')}")
    town.delivered("ana")
    town.says("ana", "/tell", f"On 4 May there was the {mark('draft')}, a good day.", "/pause")
    town.says("ana", "/tell", f"On 5 May there was the {mark('open')}, a good day.")
    town.write(lambda w: fails(w, town, f"the {mark('failed')}"))
    return ref


def fails(work, town, text):
    inbound = Inbound(
        key="failed", address=Address("terminal", "ana"), said_at=town.clock(), payload=Said(text)
    )
    work.inbox.claim(inbound.key, now=inbound.said_at)
    work.inbox.keep(inbound, InboxStatus.FAILED, fault="ValueError")


# ---- no word is left ----


def test_a_forgotten_person_leaves_no_word_in_any_table_or_file(town, capfd, caplog):
    says_it_in_every_way(town)
    for word, place in SAID.items():
        assert place in places_with(town, mark(word))
    assert "stories.title" not in places_with(town, mark("gone-back"))

    town.says("ana", "/forget")
    town.taps("ana", "yes")
    sure = button(town, "ana", "yes")
    hears_unseen(town, "ana", Commanded("mystories"))
    assert "outbox.body" in places_with(town, mark("draft"))
    town.hears("ana", sure)

    assert places_with(town, MARKER) == []
    assert files_with(town, MARKER) == []
    said = capfd.readouterr()
    assert MARKER not in said.out + said.err + caplog.text


def test_what_waits_for_others_holds_no_word_of_a_forgotten_person(town):
    town.has("olga", Role.ORGANIZER)
    town.says("ana", "hello")
    ref = town.tells("ana", f"On 3 May the {MARKER} sang, and it was fun.")
    hears_unseen(town, "olga", Commanded("read", ref))
    hears_unseen(town, "olga", Commanded("help"))
    assert places_with(town, MARKER).count("outbox.body") == 1

    forgets(town)

    assert places_with(town, MARKER) == []
    assert "What you can write" in text_of(town.delivered("olga"))


def test_a_forgotten_person_is_not_found_by_name_or_address(town):
    town.has("marguerite", Role.COORDINATOR)
    town.has("olga", Role.ORGANIZER)
    town.says("marguerite", "/language en", "/timezone Ljubljana", "/start nosuchcode")
    town.says("marguerite", "/link")
    town.tells("marguerite")
    assert places_with(town, "arguerite")

    said = forgets(town, "marguerite")

    assert "Everything about you is erased. If you write again, we start anew." in said
    assert places_with(town, "arguerite") == []
    town.database.sweep()  # of the goodbye, which was delivered after the erasure
    assert files_with(town, "arguerite") == []
    gone = ("addresses", "memberships", "consents", "link_codes", "guesses", "questions")
    assert {name: rows(town, name) for name in gone} == {
        **{name: [] for name in gone},
        "addresses": [row for row in rows(town, "addresses") if row["user"] == "olga"],
        "memberships": [row for row in rows(town, "memberships") if row["role"] == "organizer"],
    }


def rows(town, name):
    table = metadata.tables[name]
    wanted = select(table).order_by(*table.primary_key.columns)
    return town.database.read_now(lambda c: [dict(row) for row in c.execute(wanted).mappings()])


def test_nothing_tells_on_which_day_a_forgotten_person_spoke(town):
    says_it_in_every_way(town)

    forgets(town)

    for table, names in (
        ("conversations", ("started_at", "turned_at", "delivered_at", "submitted_at")),
        ("stories", ("started_at", "submitted_at", "withdrawn_at", "hidden_at")),
    ):
        times = [row[name] for row in rows(town, table) for name in names if row[name]]
        assert times
        assert {(at.day, at.hour, at.minute, at.second) for at in times} == {(1, 0, 0, 0)}


# ---- what stays ----


def test_the_counts_stay_true_after_somebody_is_forgotten(town):
    says_it_in_every_way(town)
    town.tells("bo")
    town.says("ana", "/pause")
    second = town.tells("ana", "On 6 May we met again, and it was fun.")
    town.says("ana", f"/withdraw {second}")
    before = counts_of(town)
    assert (before.asked, before.begun, before.sent, before.withdrawn) == (2, 5, 2, 1)

    forgets(town)

    after = counts_of(town)
    assert (after.asked, after.begun) == (before.asked, before.begun)
    assert (after.sent, after.withdrawn) == (1, 2)
    assert (after.deleted, after.unsent) == (2, 0)
    assert (after.members, after.tellers) == (before.members - 1, 1)
    said = text_of(town.says("olga", "/summary"))
    assert "2 people were asked; 5 stories were begun: 1 sent, 2 sent and taken back" in said


def test_a_summary_of_the_days_counts_whoever_was_forgotten_since(town):
    town.has("olga", Role.ORGANIZER)
    town.says("ana", "hello")
    town.tells("ana", unnamed=True)
    before = text_of(town.says("olga", "/summary 2026-03-14..2026-03-14"))

    forgets(town)

    after = text_of(town.says("olga", "/summary 2026-03-14..2026-03-14"))
    assert "1 person was asked; 1 story was begun: 1 sent, 0 sent" in before
    assert "1 person was asked; 1 story was begun: 0 sent, 1 sent" in after


def test_what_another_person_told_is_untouched(town):
    town.has("olga", Role.ORGANIZER)
    town.says("ana", "hello")
    town.tells("ana", f"On 3 May the {MARKER} sang, and it was fun.")
    ref = town.tells("bo", "On 4 May Bo sang, and it was good.", to="circle")
    town.says("olga", f"/permission {ref} for the report")
    town.delivered("bo")
    bo = town.member("bo")
    before = (town.read(lambda w: w.everything.of(bo.id)), exported(town)["stories"][-1:])

    forgets(town)

    assert town.read(lambda w: w.everything.of(bo.id)) == before[0]
    assert [story["ref"] for story in exported(town)["stories"]] == [ref]
    town.taps("bo", "unnamed")
    assert "Bo sang" in text_of(town.says("olga", f"/permission {ref}"))


def test_the_audit_says_that_somebody_was_forgotten_and_not_who(town):
    town.has("olga", Role.ORGANIZER)
    town.says("marguerite", "hello")
    town.says("olga", "/roles grant terminal:marguerite coordinator")

    forgets(town, "marguerite")

    entries = list(town.read(lambda w: list(w.audit.entries())))
    (forgotten,) = (e for e in entries if e.action is Action.MEMBER_FORGOTTEN)
    assert (forgotten.by, forgotten.to, forgotten.ref, forgotten.details) == ("", None, None, {})
    assert forgotten.community is None
    granted = next(e for e in entries if e.action is Action.ROLE_GRANTED)
    assert (granted.by, granted.to) == ("Olga", "")
    assert not any("arguerite" in f"{entry}" for entry in entries)


# ---- the asking ----


def test_forgetting_is_asked_twice_and_refused_at_either_time(town):
    town.says("ana", "hello")
    ref = town.tells("ana")

    first = text_of(town.says("ana", "/forget"))
    kept = text_of(town.taps("ana", "no"))
    town.says("ana", "/forget")
    second = text_of(town.taps("ana", "yes"))
    kept_too = text_of(town.taps("ana", "no"))

    assert "Shall I erase everything about you" in first
    assert "This can't be undone" in second
    assert kept == kept_too == "All right. Nothing was erased."
    assert town.refs("ana") == [ref]


def test_forgetting_can_be_typed(town):
    town.says("ana", "hello")
    town.tells("ana")

    asked = text_of(town.says("ana", "/forget", "perhaps"))
    said = text_of(town.says("ana", "yes", "yes"))

    assert "Please choose one of these" in asked
    assert "Everything about you is erased" in said
    assert town.read(lambda w: w.members.known(Address("terminal", "ana"))) is None


def test_an_old_button_of_forgetting_does_nothing_after_it_was_answered(town):
    town.says("ana", "hello")
    town.says("ana", "/forget")
    first = button(town, "ana", "yes")
    town.taps("ana", "no")

    said = text_of(town.hears("ana", first))

    assert "There is nothing to answer there any more." in said


def test_a_forgotten_persons_old_buttons_do_nothing_to_whoever_writes_anew(town):
    town.says("ana", "hello")
    town.says("ana", "/forget")
    town.taps("ana", "yes")
    sure = button(town, "ana", "yes")
    town.hears("ana", sure)
    town.says("ana", "hello")

    said = text_of(town.hears("ana", sure))

    assert "There is nothing to answer there any more." in said
    assert town.member("ana")


def test_forgetting_tells_of_the_files_that_hold_the_story(town):
    town.says("ana", "hello")
    exports(town, "funders")
    town.tells("ana", to="organizers")
    exports(town, "organizers")
    exports(town, "public")

    said = text_of(town.says("ana", "/forget"))

    assert "Files with stories like yours were made:\nMar 14, 2026, for the organizers" in said
    assert "funders" not in said
    assert "anyone" not in said


def test_forgetting_tells_of_files_that_hold_the_story_before_it_was_changed(town):
    town.says("ana", "hello")
    ref = town.tells("ana", to="organizers")
    exports(town, "organizers")
    town.says("ana", f"/read {ref}")
    town.taps("ana", "change", "organizers", "yes")

    said = text_of(town.says("ana", "/forget"))

    assert "for the organizers" in said


def exports(town, reader):
    def add(work):
        home = work.communities.home()
        details = {"for": reader, "format": "json"}
        entry = Entry(action=Action.EXPORTED, community=home.id, details=details)
        work.audit.add(entry, now=town.clock())

    town.write(add)


# ---- when ----


def test_whoever_was_forgotten_writes_again_as_a_stranger(town):
    town.has("ana", Role.ORGANIZER)
    town.tells("ana")
    forgets(town)

    said = text_of(town.says("ana", "hello"))

    assert "May I keep your answers?" in said
    assert town.member("ana").role is Role.MEMBER
    assert town.refs("ana") == []
    assert "You have no stories yet" in text_of(town.says("ana", "/mystories"))


def test_whoever_was_forgotten_in_an_open_story_is_not_asked_it_again(town):
    town.says("ana", "hello")
    town.taps("ana", "agree")
    town.says("ana", f"On 3 May the {MARKER} sang, and it was fun.")

    town.says("ana", "/forget")
    last = town.taps("ana", "yes", "yes")

    assert [reply.text for reply in last] == [
        "Everything about you is erased. If you write again, we start anew."
    ]
    assert places_with(town, MARKER) == []
    assert counts_of(town).deleted == 1


def test_forgetting_while_another_question_is_open(town):
    town.has("olga", Role.ORGANIZER)
    town.says("ana", "hello")
    ref = town.tells("ana", f"On 3 May the {MARKER} sang, and it was fun.")
    second = town.tells("ana", f"On 4 May the {MARKER} sang, and it was fun.")
    town.says("olga", f"/permission {ref} for the report")
    town.says("ana", f"/withdraw {second}")
    withdrawn = button(town, "ana", "restore")

    said = forgets(town)

    assert "Everything about you is erased" in said
    assert places_with(town, MARKER) == []
    assert rows(town, "questions") == []
    assert "May I keep your answers?" in text_of(town.says("ana", "hello"))
    assert "nothing to answer there" in text_of(town.hears("ana", withdrawn))


def test_whoever_left_can_be_forgotten(town):
    town.says("ana", "hello")
    town.tells("ana", f"On 3 May the {MARKER} sang, and it was fun.")
    town.says("ana", "/leave")
    town.taps("ana", "leave")

    said = forgets(town)

    assert "Everything about you is erased" in said
    assert places_with(town, MARKER) == []
    assert counts_of(town).sent == 0


def test_an_organizer_who_is_forgotten_leaves_what_others_told(town):
    town.has("olga", Role.ORGANIZER)
    town.has("otto", Role.ORGANIZER)
    town.says("ana", "hello")
    ref = town.tells("ana")
    town.says("olga", "/settings notices on", "/invite")
    town.says("olga", f"/permission {ref} for the report", f"/hide {ref} It names somebody.")

    forgets(town, "olga")

    assert places_with(town, "Olga") == []
    assert places_with(town, "olga") == []
    assert "It names somebody" in text_of(town.says("ana", f"/read {ref}"))
    said = text_of(town.says("otto", f"/hide {ref} show", f"/permission {ref}"))
    assert "“the report”: no answer yet, so no" in said


def test_of_two_addresses_both_are_forgotten(town):
    town.says("ana", "hello")
    town.tells("ana", f"On 3 May the {MARKER} sang, and it was fun.")
    said = text_of(town.says("ana-at-home", "/link"))
    code = next(line for line in said.splitlines() if line.startswith("/link "))
    town.says("ana", code)
    town.delivered("ana-at-home")

    forgets(town, "ana-at-home")

    assert places_with(town, MARKER) == []
    assert rows(town, "addresses") == []
    assert "May I keep your answers?" in text_of(town.says("ana", "hello"))
