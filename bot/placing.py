"""Which community somebody speaks in, where it is not plain: joining, and being asked."""

from dataclasses import dataclass

from bot.commands.command import Asks, Outcome
from bot.commands.guessing import guessed, is_slowed
from bot.scene import Scene, scene_in
from flows.messages import Commanded
from storage.audit import Action, Entry
from storage.communities import Access, Community, Place

TELLS = "tell-"
"""What a deep link begins with that a community's short name follows."""

LONGEST_SLUG = 64 - len(TELLS)  # characters, Bot API: what stands behind /start

JOINING = ("start", "tell")
"""What somebody who left must say to join again."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """No community yet; what is said or asked instead."""

    outcomes: tuple[Outcome, ...]


def placed(scene: Scene, *, as_owner: bool = False) -> Scene | Elsewhere:
    """The scene in a community, joined now where that is plain.

    An owner's command may be about a community that the owner is no member of (`as_owner`).
    """
    belongs = scene.work.members.belonging(scene.member.id)
    if as_owner and not belongs:
        every = scene.work.communities.all()
        return _in(scene, every[0]) if len(every) == 1 else _which(scene, every)
    here = _met_at(scene)
    if here is not None and any(b.community.id == here.id for b in belongs):
        return joined(scene, here)
    if len(belongs) == 1:
        return joined(scene, belongs[0].community)
    if belongs:
        return _which(scene, [b.community for b in belongs])
    return _newcomer(scene, here)


def joined(scene: Scene, community: Community) -> Scene:
    """A member of `community` from now on, if not before, and speaking in it."""
    members = scene.work.members
    is_new = members.join(scene.member.id, community.id, now=scene.now)
    if is_new:
        joining = Entry(action=Action.JOINED, community=community.id, by=scene.member.id)
        scene.work.audit.add(joining, now=scene.now)
    return _in(scene, community)


def invited(scene: Scene, token: str) -> Scene | Elsewhere:
    """The scene in the community that an invite is to; a wrong one is counted as a guess."""
    work = scene.work
    if is_slowed(scene.call()):
        return Elsewhere((scene.say("too-many-guesses"),))
    found = work.codes.use_invite(token, now=scene.now)
    community = work.communities.known(found) if found is not None else None
    if community is not None:
        if work.members.role(scene.member.id, community.id) is None:
            work.codes.count_use(token)
        return joined(scene, community)
    belongs = work.members.belonging(scene.member.id)
    joined_by = work.codes.invited_to(token)
    again = next((b.community for b in belongs if b.community.id == joined_by), None)
    if again is not None:  # a link that is tapped once more
        return joined(scene, again)
    return Elsewhere((*guessed(scene.call()), scene.say("invite-invalid")))


def deep_link(scene: Scene) -> str:
    """What stands behind `/start` for whoever comes from this group to tell a story."""
    here = _met_at(scene)
    return f"{TELLS}{here.slug}" if here is not None and len(here.slug) <= LONGEST_SLUG else ""


def community_linked(scene: Scene, start: str) -> Community | None:
    """The community that a link led from a group of it to here for."""
    if not start.startswith(TELLS):
        return None
    return scene.work.communities.find(start.removeprefix(TELLS))


def linked(scene: Scene, community: Community) -> Scene | Elsewhere:
    """The scene in a community; whoever is no member of a closed one needs an invite all the same:
    anybody may have made up the link."""
    is_member = scene.work.members.role(scene.member.id, community.id) is not None
    if is_member or community.access is Access.OPEN:
        return joined(scene, community)
    return Elsewhere((scene.say("invite-needed"),))


def _newcomer(scene: Scene, here: Community | None) -> Scene | Elsewhere:
    payload = scene.inbound.payload
    asks_to = isinstance(payload, Commanded) and payload.name in JOINING
    meant = [here] if here is not None else scene.work.communities.all()
    open_to_all = [c for c in meant if c.access is Access.OPEN]
    if not open_to_all:
        return Elsewhere((scene.say("invite-needed"),))
    if not asks_to and scene.work.members.has_left(scene.member.id):
        return Elsewhere((scene.say("belongs-nowhere"),))
    if len(open_to_all) == 1:
        return joined(scene, open_to_all[0])
    return _which(scene, open_to_all)


def _which(scene: Scene, communities: list[Community]) -> Elsewhere:
    """Ask which is meant; what was wanted goes on once that is said."""
    payload = scene.inbound.payload
    then = {"name": "start", "rest": ""}
    if isinstance(payload, Commanded):
        then = {"name": payload.name, "rest": payload.rest}
    return Elsewhere((Asks({"of": [c.id for c in communities], "then": then}),))


def _met_at(scene: Scene) -> Community | None:
    place = scene.inbound.place
    if place is None:
        return None
    return scene.work.communities.at(Place(scene.inbound.address.platform, place))


def _in(scene: Scene, community: Community) -> Scene:
    role = scene.work.members.role(scene.member.id, community.id)
    return scene_in(scene, community, role)
