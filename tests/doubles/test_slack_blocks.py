"""What Slack refuses of messages and views, and what people see of the rest."""

from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.doubles.slack_blocks import MAX_ALL
from tests.doubles.slack_server import Person, SlackServer, slack_server


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with slack_server() as running:
        yield running


@pytest.fixture
def ana(server: SlackServer) -> Person:
    return server.workspace().person("Ana")


@pytest.fixture
def client(server: SlackServer, ana: Person) -> AsyncWebClient:
    token = next(token for token in server.world.tokens.by_text if token.startswith("xoxb"))
    return AsyncWebClient(token=token, base_url=server.base_url, retry_handlers=[])


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def marked(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def section(**more: Any) -> dict[str, Any]:
    return {"type": "section", "text": marked("Well?")} | more


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain("Go"), "action_id": "go"} | more


def actions(*elements: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)} | more


def asks(element: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "input", "label": plain("What?"), "element": element} | more


def options(count: int) -> list[dict[str, Any]]:
    return [{"text": plain(f"{number}"), "value": f"{number}"} for number in range(count)]


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "modal", "title": plain("Story"), "blocks": list(blocks)} | more


TYPED = {"type": "plain_text_input", "action_id": "text"}
PICTURE = {"type": "image", "alt_text": "a picture", "image_url": "https://example.org/a.png"}

FAULTY: dict[str, tuple[list[Any], str, str]] = {
    "too many blocks": ([section()] * 51, "no more than 50 items", "/blocks"),
    "a section too long": (
        [section(text=marked("x" * 3001))],
        "must be less than 3001 characters",
        "/blocks/0/text/text",
    ),
    "an empty section": (
        [section(text=marked(""))],
        "must be more than 0 characters",
        "/blocks/0/text/text",
    ),
    "nothing in a section": ([{"type": "section"}], "must have text or fields", "/blocks/0"),
    "eleven fields": ([section(fields=[plain("x")] * 11)], "no more than 10", "/blocks/0/fields"),
    "a field too long": (
        [section(fields=[plain("x" * 2001)])],
        "less than 2001",
        "/blocks/0/fields/0/text",
    ),
    "a header too long": (
        [{"type": "header", "text": plain("x" * 151)}],
        "less than 151",
        "/blocks/0/text/text",
    ),
    "marks in a header": (
        [{"type": "header", "text": marked("x")}],
        "unsupported type: mrkdwn",
        "/blocks/0/text",
    ),
    "a label too long": (
        [actions(button(text=plain("x" * 76)))],
        "less than 76",
        "/blocks/0/elements/0/text/text",
    ),
    "a value too long": (
        [actions(button(value="x" * 2001))],
        "less than 2001",
        "/blocks/0/elements/0/value",
    ),
    "an action_id too long": (
        [actions(button(action_id="x" * 256))],
        "less than 256",
        "/blocks/0/elements/0/action_id",
    ),
    "a block_id too long": ([section(block_id="x" * 256)], "less than 256", "/blocks/0/block_id"),
    "one block_id twice": (
        [section(block_id="a"), section(block_id="a")],
        "already exists",
        "/blocks/1/block_id",
    ),
    "one action_id twice": (
        [actions(button(), button())],
        "already exists",
        "/blocks/0/elements/1/action_id",
    ),
    "no buttons": ([actions()], "no fewer than 1", "/blocks/0/elements"),
    "26 buttons": ([actions(*[button()] * 26)], "no more than 25", "/blocks/0/elements"),
    "a context too full": (
        [{"type": "context", "elements": [plain("x")] * 11}],
        "no more than 10",
        "/blocks/0/elements",
    ),
    "101 options": (
        [actions({"type": "static_select", "options": options(101)})],
        "no more than 100",
        "/blocks/0/elements/0/options",
    ),
    "a choice that is not there": (
        [
            actions(
                {
                    "type": "static_select",
                    "options": options(2),
                    "initial_option": {"text": plain("9"), "value": "9"},
                }
            )
        ],
        "not one of the options",
        "/blocks/0/elements/0",
    ),
    "an input too long": ([asks(TYPED | {"max_length": 3001})], "between 1 and 3000", "max_length"),
    "words too many at first": (
        [asks(TYPED | {"initial_value": "x" * 3001})],
        "less than 3001",
        "initial_value",
    ),
    "an input outside its block": (
        [actions(TYPED)],
        "unsupported type: plain_text_input",
        "/blocks/0/elements/0",
    ),
    "a picture without words": ([PICTURE | {"alt_text": ""}], "more than 0", "/blocks/0/alt_text"),
    "a picture from nowhere": (
        [PICTURE | {"image_url": "file:///etc/passwd"}],
        "valid URL",
        "/blocks/0/image_url",
    ),
    "an unknown block": ([{"type": "poem"}], "unsupported type: poem", "/blocks/0"),
    "a block without type": ([{"text": plain("x")}], "missing block type", "/blocks/0"),
    "an unknown key": ([section(colour="red")], "additional property: colour", "/blocks/0"),
    "a style that is none": (
        [actions(button(style="shy"))],
        "must be one of: primary, danger",
        "/blocks/0/elements/0/style",
    ),
}


@pytest.mark.parametrize(("blocks", "told", "where"), FAULTY.values(), ids=FAULTY.keys())
async def test_what_is_wrong_with_a_block_is_told(ana, client, blocks, told, where):
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel=ana.id, text="x", blocks=blocks)

    answer = refused.value.response
    assert answer["error"] == "invalid_blocks"
    (words,) = answer["response_metadata"]["messages"]
    assert words.startswith("[ERROR] ")
    assert told in words
    assert where in words
    assert not ana.sees()


@pytest.mark.parametrize(
    "blocks",
    [
        [section()] * 50,
        [section(text=marked("x" * 3000), accessory=PICTURE)],
        [section(fields=[plain("x" * 1000)] * 10)],
        [{"type": "header", "text": plain("x" * 150)}, {"type": "divider"}],
        [actions(*[button(action_id=f"{n}", value="x" * 2000) for n in range(25)])],
        [actions({"type": "static_select", "options": options(100)})],
        [{"type": "context", "elements": [marked("x")] * 9 + [PICTURE]}],
        [asks(TYPED | {"max_length": 3000, "initial_value": "x" * 3000})],
    ],
)
async def test_what_is_just_right_is_taken(ana, client, blocks):
    posted = await client.chat_postMessage(channel=ana.id, text="x", blocks=blocks)

    kept = posted["message"]["blocks"]
    assert len(kept) == len(blocks)
    assert len({block["block_id"] for block in kept}) == len(blocks)


async def test_how_much_a_message_holds(ana, client):
    full = [section(text=marked("x" * 3000))] * 4 + [section(text=marked("x" * (MAX_ALL - 12_000)))]
    posted = await client.chat_postMessage(channel=ana.id, text="x", blocks=full)
    long = await client.chat_postMessage(channel=ana.id, text="x" * 40_001)
    at = {"channel": ana.dm.id, "ts": posted["ts"]}

    assert len(long["message"]["text"]) == 40_000
    for method, error, given in (
        ("chat.postMessage", "msg_blocks_too_long", {"text": "x", "blocks": [*full, section()]}),
        ("chat.postMessage", "invalid_blocks_format", {"text": "x", "blocks": {"type": "section"}}),
        ("chat.postMessage", "no_text", {"text": ""}),
        ("chat.update", "msg_too_long", {"text": "x" * 4001}),
        ("chat.update", "no_text", {}),
    ):
        with pytest.raises(SlackApiError, match=f"'{error}'"):
            await client.api_call(method, json=at | given)
    await client.chat_update(**at, text="x" * 4000)


VIEWS: dict[str, tuple[dict[str, Any], str]] = {
    "a title too long": (modal(title=plain("x" * 25)), "/view/title/text"),
    "marks in a title": (modal(title=marked("x")), "/view/title"),
    "a word to send too long": (modal(submit=plain("x" * 25)), "/view/submit/text"),
    "a word to close too long": (modal(close=plain("x" * 25)), "/view/close/text"),
    "much to remember": (modal(private_metadata="x" * 3001), "/view/private_metadata"),
    "a long name": (modal(callback_id="x" * 256), "/view/callback_id"),
    "an input and nothing to send": (modal(asks(TYPED)), "submit is required"),
    "101 blocks": (modal(*[section()] * 101), "no more than 100 items"),
    "no blocks at all": ({"type": "modal", "title": plain("x")}, "missing required field: blocks"),
    "a block that is wrong": (modal(section(text=marked(""))), "/view/blocks/0/text/text"),
    "a home in its place": ({"type": "home", "blocks": []}, "/view/type"),
    "an unknown key": (modal(colour="red"), "additional property: colour"),
}


@pytest.mark.parametrize(("view", "told"), VIEWS.values(), ids=VIEWS.keys())
async def test_what_is_wrong_with_a_modal_is_told(ana, client, view, told):
    with pytest.raises(SlackApiError) as refused:
        await client.views_open(trigger_id=ana.shortcut("tell").trigger_id, view=view)

    answer = refused.value.response
    assert answer["error"] == "invalid_arguments"
    assert told in answer["response_metadata"]["messages"][0]
    assert ana.modal is None


async def test_a_home_tab_holds_a_hundred_blocks(ana, client):
    await client.views_publish(
        user_id=ana.id, view={"type": "home", "blocks": [section()] * 99 + [actions(button())]}
    )

    assert ana.home.buttons == ["Go"]
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await client.views_publish(
            user_id=ana.id, view={"type": "home", "title": plain("x"), "blocks": []}
        )


async def test_words_are_shown_as_people_read_them(ana, client):
    await client.chat_postMessage(
        channel=ana.id,
        text="a notification",
        blocks=[
            {"type": "header", "text": plain("Fish &amp; chips &#39;n")},
            section(
                text=marked("&lt;!channel&gt; &amp; *more*"), fields=[marked("a"), plain("<b>")]
            ),
        ],
    )
    await client.chat_postMessage(channel=ana.id, text=f"Hi <@{ana.id}>, see <https://e.org|this>")

    blocks, text = ana.sees()
    assert blocks.shown == "Fish & chips &#39;n\n<!channel> & *more*\na\n<b>"
    assert blocks.text == "a notification"
    assert blocks.pings == []
    assert text.shown == "Hi @Ana, see this"
    assert text.pings == [f"<@{ana.id}>", "<https://e.org|this>"]


@pytest.mark.parametrize("ping", ["<!channel>", "<!here>", "<!everyone>", "<@U1>", "<#C1|a>"])
async def test_a_ping_is_noted_wherever_marks_count(ana, client, ping):
    await client.chat_postMessage(channel=ana.id, text=f"a {ping}")
    for text in (marked(f"a {ping}"), plain(f"a {ping}")):
        await client.chat_postMessage(channel=ana.id, text="x", blocks=[section(text=text)])

    assert [message.pings for message in ana.sees()] == [[ping], [ping], []]


async def test_names_ping_only_where_they_are_linked(ana, client):
    await client.chat_postMessage(channel=ana.id, text="@channel mail@here.org")
    await client.chat_postMessage(channel=ana.id, text="@channel mail@here.org", link_names=True)

    assert [message.pings for message in ana.sees()] == [[], ["@channel"]]


async def test_what_a_tap_tells_of_a_message_is_escaped(ana, client):
    block = actions(button(text=plain("Fish & <chips>"), value="a & b"))
    await client.chat_postMessage(channel=ana.id, text="x", blocks=[block])

    told = ana.taps(ana.last, "Fish & <chips>").payload

    assert told["actions"][0]["text"]["text"] == "Fish &amp; &lt;chips&gt;"
    assert told["message"]["blocks"][0]["elements"][0]["text"] == told["actions"][0]["text"]
    assert told["actions"][0]["value"] == "a & b"
    assert ana.last.buttons == ["Fish & <chips>"]
