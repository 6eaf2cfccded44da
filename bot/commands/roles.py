from collections.abc import Iterator

from bot.commands.command import Call, Command, Outcome, Tells
from bot.granting import Refusal, address_of, grant
from flows.messages import Address
from storage.members import Role


def _roles(call: Call) -> Iterator[Outcome]:
    """Who has which role; `grant terminal:ana coordinator` gives one, `revoke` takes it."""
    if not call.rest:
        yield _listed(call)
        return
    match call.rest.split():
        case ["grant", *address, role] if address and role.lower() in set(Role):
            yield from _set(call, address_of(" ".join(address)), Role(role.lower()))
        case ["revoke", *address] if address:
            yield from _set(call, address_of(" ".join(address)), Role.MEMBER)
        case _:
            yield call.say("roles-how")


def _listed(call: Call) -> Outcome:
    found = call.work.members.of(call.community.id, least=Role.COORDINATOR)
    if not found:
        return call.say("roles-none")
    lines = [call.word("roles-intro")]
    for person in found:
        at = ", ".join(f"{address}" for address in person.addresses)
        role = call.word(f"role-one-{person.role}")
        lines.append(call.word("roles-line", person=person.name, at=at, role=role))
    return call.lines(lines)


def _set(call: Call, address: Address | None, role: Role) -> Iterator[Outcome]:
    if address is None:
        yield call.say("roles-how")
        return
    done = grant(call.work, call.community, address, role, by=call.member.id, now=call.now)
    named = call.word(f"role-one-{role}")
    match done:
        case Refusal.UNKNOWN:
            yield call.say("roles-unknown", address=f"{address}")
        case Refusal.SAME:
            yield call.say("roles-same", address=f"{address}", role=named)
        case Refusal.LAST:
            yield call.say("roles-last")
        case person:
            yield call.say("roles-set", person=person.name, role=named)
            if person.id != call.member.id:
                yield Tells(person.id, f"role-now-{role}")


ROLES = Command(name="roles", run=_roles, role=Role.ORGANIZER, owners=True, takes=True)
