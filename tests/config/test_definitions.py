"""Definitions are read whole or not at all, and a fault names its file, line and key."""

from pathlib import Path

import pytest

from config.definitions import load, read_flow
from config.errors import DefinitionError
from flows.definition import Choice, Deed, Keep, Kind
from flows.framework import Audience, Ring

FLOW = """\
# A small one.
flow: talk
version: 1
framework: wenger-trayner
consent: {step: hello, version: 2}
entries: {own: met}
review: look
probes: {per_question: 1, per_story: 2}
steps:
  hello:
    kind: consent
    choices:
      no: {does: decline, to: gone, typed: ["no", not-yet]}
  met:
    kind: question
    keep: step
    cycle: applied
    follows: hello
    probes: [when]
    gaps: [noticed]
    to: look
    choices:
      skip: {to: look}
  again:
    like: met
    cycle: realized
    choices:
      skip: {to: look}
  look:
    kind: review
    choices:
      send:
        does: send
        audience: [organizers, community]
        to: gone
  gone: {kind: end}
asides:
  away:
    choices:
      go-on: {does: resume}
"""

FRAMEWORK = """\
framework: small
version: 1
cycles:
  met: {ring: inner}
  did: {ring: inner, needs: met}
"""

RULES = """\
language: de
common: [der, Die]
refusals:
  "no": ["Nein", "hab’  ich nicht"]
gaps:
  when: {digits: true, told_by: [Montag]}
"""


def faults(old: str, new: str) -> list[str]:
    """What is said of the flow with `old` replaced once."""
    assert old in FLOW
    with pytest.raises(DefinitionError) as raised:
        read_flow(FLOW.replace(old, new, 1), path="flows/talk.yaml")
    return [str(fault) for fault in raised.value.faults]


def laid_over(folder: Path, **files: str | bytes) -> Path:
    """A folder with these files; in their names `__` stands for `/` and `.yaml` is left out."""
    for name, content in files.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def test_a_flow_is_read_with_the_line_of_each_step():
    flow = read_flow(FLOW, path="flows/talk.yaml")

    assert (flow.name, flow.version, flow.consent, flow.consent_version) == ("talk", 1, "hello", 2)
    assert flow.source == FLOW
    assert {name: step.line for name, step in flow.steps.items()} == {
        "hello": 10,
        "met": 14,
        "again": 24,
        "look": 29,
        "gone": 36,
    }
    assert flow.steps["hello"].choices == (
        Choice(name="no", does=Deed.DECLINE, to="gone", typed=("no", "not-yet")),
    )
    assert flow.steps["look"].choices[0].audience == (Audience.ORGANIZERS, Audience.COMMUNITY)
    assert (flow.asides["away"].kind, flow.asides["away"].line) == (Kind.CONFIRM, 38)


def test_a_step_that_is_like_another_takes_what_it_does_not_state():
    again = read_flow(FLOW, path="flows/talk.yaml").steps["again"]

    assert (again.kind, again.keep, again.follows) == (Kind.QUESTION, Keep.STEP, "hello")
    assert (again.probes, again.gaps) == (("when",), ("noticed",))
    assert again.cycle == "realized"
    assert again.to is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# A small one.\n", ""),
        ("kind: end}", "kind: end} # for good"),
        ('["no", not-yet]', "[no, 'not-yet']"),
        ("  gone: {kind: end}\n", "  gone:\n    kind: end\n"),
    ],
)
def test_the_digest_is_blind_to_comments_and_layout(old: str, new: str):
    other = read_flow(FLOW.replace(old, new), path="flows/other.yaml")

    assert other.source != FLOW
    assert other.digest == read_flow(FLOW, path="flows/talk.yaml").digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("to: look", "to: gone"),
        ("version: 2", "version: 3"),
        ("[organizers, community]", "[community, organizers]"),
    ],
)
def test_the_digest_sees_every_change(old: str, new: str):
    other = read_flow(FLOW.replace(old, new, 1), path="flows/talk.yaml")

    assert other.digest != read_flow(FLOW, path="flows/talk.yaml").digest


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("cycle:", "cicle:", '17: met.cicle: unknown key; did you mean "cycle"?'),
        ("review:", "reviev:", '7: reviev: unknown key; did you mean "review"?'),
        (
            "{does: resume",
            "{xyz: 1, does: resume",
            "40: asides.away.choices.go-on.xyz: unknown key",
        ),
        ("{does: decline", "{name: a, does: decline", "13: hello.choices.no.name: unknown key"),
        (
            "keep: step",
            "keep: stepp",
            "16: met.keep: unknown keep \"stepp\"; it is one of 'step', ",
        ),
        ("does: send", "does: [send]", "33: look.choices.send.does: unknown does"),
        (
            ", community]",
            ", all]",
            '34: look.choices.send.audience.1: unknown audience "all"; it is',
        ),
        ("version: 1", "version: '1'", "3: version: must be a whole number, without quotes"),
        ("version: 1", "version: 1.5", "3: version: must be a whole number, without quotes"),
        ("to: look", "to: 5", "21: met.to: must be text; a number"),
        ("to: look", "to: 2026-01-01", "21: met.to: must be text; put it in quotes"),
        ("to: look", "to: !way look", "21: met.to: must be text; put it in quotes"),
        ("    to: look", "    true: look", "21: met: a key must be text; put it in quotes"),
        ("[when]", "when", "19: met.probes: must be a list, for example [one, two]"),
        ("{kind: end}", "end", "36: gone: must hold keys of its own, for example {key: value}"),
        ("{step: hello, ", "{", "5: consent.step: is missing"),
        ("    kind: consent\n", "", "10: hello.kind: is missing"),
        ("like: met", "like: meet", '25: again.like: there is no step "meet"'),
        ("kind: consent", "like: again", '11: hello.like: "again" is itself like "met"'),
        (
            "    to: look",
            "    keep: step",
            "21: met.keep: stands here twice; keep one of them",
        ),
        ("typed: [", "typed: [[", "13: is not YAML: expected"),
        ("    keep", "\tkeep", "16: is not YAML: "),
        ("to: look", "to: *look", "21: is not YAML: found undefined alias"),
        ("to: look", "to: l\x01k", "21: holds a character that YAML does not allow"),
        ("to: look", "to: 2026-02-30", "21: met.to: must be text; put it in quotes"),
        ("to: look", "to: !!int look", "21: met.to: must be text; put it in quotes"),
        ("to: look", "<<: look", "21: met: << must name what holds keys"),
        ("to: look", "to: &look [*look]", "1: is nested too deeply, or holds itself"),
        ("[when]", "[" * 5000, "1: is nested too deeply, or holds itself"),
        ("review", "---\nreview", "7: is not YAML: but found another document"),
    ],
)
def test_a_fault_names_file_line_and_key(old: str, new: str, fault: str):
    found = faults(old, new)

    assert found[0].startswith(f"flows/talk.yaml:{fault}")


def test_the_digest_of_a_flow_stays_what_it_was():
    """Databases hold digests: another way to reckon them would make every stored flow a fault."""
    digest = read_flow(FLOW, path="flows/talk.yaml").digest

    assert digest == "3a2116dffeccd605805f5c779214827119737d9ad497b69d4acf285e937e587d"


def test_anchors_and_merged_keys_are_read():
    merged = FLOW.replace("skip: {to: look}", "skip: &skip {to: look, typed: [skip]}", 1).replace(
        "    choices:\n      skip: {to: look}",
        "    choices:\n      skip: {<<: *skip, to: gone}",
        1,
    )

    flow = read_flow(merged, path="talk.yaml")

    assert flow.steps["again"].choices == (Choice(name="skip", to="gone", typed=("skip",)),)


def test_no_and_yes_are_words_without_quotes_too():
    flow = read_flow(FLOW.replace('["no", not-yet]', "[no, yes]"), path="talk.yaml")

    assert flow.steps["hello"].choices[0].typed == ("no", "yes")


def test_a_fault_holds_what_else_is_wrong():
    found = faults("question\n    keep: step", "answer\n    kept: step")

    assert [each.partition(";")[0] for each in found] == [
        'flows/talk.yaml:15: met.kind: unknown kind "answer"',
        "flows/talk.yaml:16: met.kept: unknown key",
    ]


def test_a_fault_can_be_read_in_its_parts():
    with pytest.raises(DefinitionError) as raised:
        read_flow(FLOW.replace("like: met", "like: meet"), path="talk.yaml")

    fault = raised.value
    assert (fault.path, fault.line, fault.key) == ("talk.yaml", 25, "again.like")
    assert fault.message == 'there is no step "meet"'
    assert str(fault) == 'talk.yaml:25: again.like: there is no step "meet"'


@pytest.mark.parametrize("source", ["", "# nothing\n", "---\n"])
def test_an_empty_file_is_a_fault(source: str):
    with pytest.raises(DefinitionError, match=r"^talk\.yaml:1: is empty$"):
        read_flow(source, path="talk.yaml")


@pytest.mark.parametrize("source", ["- a\n", "talk\n"])
def test_a_file_without_keys_is_a_fault(source: str):
    with pytest.raises(DefinitionError, match=r"^talk\.yaml:1: must hold keys of its own"):
        read_flow(source, path="talk.yaml")


def test_the_shipped_definitions_are_read():
    definitions = load()

    assert definitions.framework.inner == ("immediate", "potential", "applied", "realized")
    assert set(definitions.flows) == {"story"}
    assert Path(definitions.paths["story"]).name == "story.yaml"
    assert definitions.rules["en"].gaps["thing"].min_words == 1
    assert definitions.rules["en"].gaps["causes"].answered_by == ("no", "nothing")
    assert "i didn't" in definitions.rules["en"].refusals["no"]


def test_a_folder_replaces_and_adds_by_name(tmp_path: Path):
    over = laid_over(tmp_path, framework=FRAMEWORK, flows__talk=FLOW, rules__de=RULES)

    definitions = load(over)

    assert definitions.framework.name == "small"
    assert definitions.framework.cycles["did"].needs == "met"  # type: ignore[index]
    assert set(definitions.framework.cycles) == {"met", "did"}
    assert {cycle.ring for cycle in definitions.framework.cycles.values()} == {Ring.INNER}
    assert set(definitions.flows) == {"story", "talk"}
    assert definitions.paths["talk"] == str(over / "flows/talk.yaml")
    assert set(definitions.rules) == {"en", "de"}


def test_the_words_of_rules_are_read_as_answers_are(tmp_path: Path):
    rules = load(laid_over(tmp_path, rules__de=RULES)).rules["de"]

    assert rules.common == {"der", "die"}
    assert rules.refusals == {"no": {"nein", "hab' ich nicht"}}
    assert rules.gaps["when"].told_by == {"montag"}


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        (
            "framework",
            FRAMEWORK.replace(": met}", ": me}"),
            '5: cycles.did.needs: unknown cycle "me"',
        ),
        ("framework", FRAMEWORK.replace("inner", "outer"), "3: cycles: a story needs a cycle with"),
        ("framework", FRAMEWORK.replace("inner", "in"), '4: cycles.met.ring: unknown ring "in"'),
        ("rules/de", RULES.replace("true", "yes"), "6: gaps.when.digits: must be true or false"),
        ("rules/de", RULES.replace("common", "comon"), "2: comon: unknown key; did you mean"),
        ("rules/de", RULES.replace("de\n", "en\n"), '1: language: "en" stands in '),
        ("flows/talk", FLOW.replace("talk", "story"), '2: flow: "story" stands in '),
        ("flows/talk", b"flow: talk\nversion: \xff\n", "2: is not UTF-8; save the file as UTF-8"),
        ("other", "a: 1\n", " nothing reads this file; here framework.yaml, flows/*.yaml"),
        ("flow/talk", FLOW, " nothing reads this file; here framework.yaml, flows/*.yaml"),
    ],
)
def test_a_fault_in_a_folder_names_its_file(
    tmp_path: Path, name: str, content: str | bytes, fault: str
):
    over = laid_over(tmp_path, **{name.replace("/", "__"): content})

    with pytest.raises(DefinitionError) as raised:
        load(over)

    assert str(raised.value.faults[0]).startswith(f"{over}/{name}.yaml:{fault}")


def test_the_faults_of_all_files_are_told_together(tmp_path: Path):
    over = laid_over(tmp_path, framework="", rules__de="", flows__talk="")

    with pytest.raises(DefinitionError) as raised:
        load(over)

    assert [str(fault) for fault in raised.value.faults] == [
        f"{over}/framework.yaml:1: is empty",
        f"{over}/flows/talk.yaml:1: is empty",
        f"{over}/rules/de.yaml:1: is empty",
    ]


def test_a_folder_that_is_not_there_is_a_fault(tmp_path: Path):
    missing = tmp_path / "nowhere"

    with pytest.raises(DefinitionError) as raised:
        load(missing)

    assert str(raised.value) == f"{missing}: there is no such folder"


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path):
    (tmp_path / "framework.yaml").mkdir()

    with pytest.raises(DefinitionError) as raised:
        load(tmp_path)

    assert str(raised.value) == f"{tmp_path}/framework.yaml: can't be read: Is a directory"


def test_files_of_editors_and_file_systems_are_passed_over(tmp_path: Path):
    over = laid_over(tmp_path, **{"flows__.#talk": "", "._framework": "\0"})

    assert set(load(over).flows) == {"story"}


def test_a_file_from_windows_is_read(tmp_path: Path):
    written = b"\xef\xbb\xbf" + FLOW.replace("\n", "\r\n").encode()

    flow = load(laid_over(tmp_path, flows__talk=written)).flows["talk"]

    assert flow.digest == read_flow(FLOW, path="talk.yaml").digest
    assert flow.steps["gone"].line == 36
