from collections.abc import Iterator

from bot.commands.command import Asks, Call, Command, Ends, Outcome, Question, Then, Values
from flows.messages import Commanded, Option
from storage.audit import Action, Entry
from storage.communities import Access, Community, CommunityId


def _community(call: Call) -> Iterator[Outcome]:
    """Which community somebody speaks in; of several, another one can be chosen."""
    mine = [b.community for b in call.work.members.belonging(call.member.id)]
    others = [c for c in call.work.communities.all() if _may_join(call, c) and c not in mine]
    if len(mine) + len(others) > 1:
        yield Asks({"of": [c.id for c in (*mine, *others)]})
    elif mine:
        yield call.say("community-only", community=mine[0].name)
    else:
        yield call.say("belongs-nowhere" if others else "invite-needed")


def _ask(call: Call, values: Values) -> tuple[str, tuple[Option, ...]] | None:
    found = _offered(call, values)
    if not found:
        return None
    return call.word("community-which"), tuple(Option(str(c.id), c.name) for c in found)


def _chosen(call: Call, values: Values, choice: str) -> Iterator[Outcome]:
    community = next(c for c in _offered(call, values) if str(c.id) == choice)
    then = Commanded(**values["then"]) if values.get("then") else None
    joins = _joins(call, community, then)
    if joins and call.work.members.join(call.member.id, community.id, now=call.now):
        yield Entry(action=Action.JOINED, community=community.id, by=call.member.id)
    if then is not None:
        yield Then(then, community)
        return
    yield call.say("community-now", community=community.name)
    if call.work.conversations.active(call.member.id, community.id) is not None:
        yield Then(Commanded("resume"), community)
    else:
        yield Ends()  # what is open in the other one waits there


def _offered(call: Call, values: Values) -> list[Community]:
    """Those that were offered and are open to this person still."""
    mine = {b.community.id for b in call.work.members.belonging(call.member.id)}
    offered = [call.work.communities.known(CommunityId(each)) for each in values["of"]]
    return [c for c in offered if c is not None and (c.id in mine or _may_join(call, c))]


def _may_join(call: Call, community: Community) -> bool:
    return community.access is Access.OPEN or call.is_owner


def _joins(call: Call, community: Community, then: Commanded | None) -> bool:
    """Whether they belong there from now on; an owner who manages it need not."""
    if call.work.members.role(call.member.id, community.id) is not None:
        return True
    from bot.commands import find

    command = find(then.name) if then is not None else None
    return not (command is not None and command.owners and call.is_owner)


COMMUNITY = Command(
    name="community",
    run=_community,
    question=Question(ask=_ask, chosen=_chosen),
    anywhere=True,
)
