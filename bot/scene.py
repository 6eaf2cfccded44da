"""Who speaks to whom, about what, within one transaction."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.commands.command import Call
from bot.house import NOWHERE, House
from flows.asking import Names
from flows.conversation import Conversation
from flows.engine import Engine
from flows.framework import Attribution
from flows.messages import Address, Inbound, Payload, Prompted, Say, Wording
from storage.communities import Community, CommunityId, Place
from storage.members import Member, MemberId, Met, Role
from storage.unit_of_work import Work

FEW = 5
"""With fewer tellers than these, an unnamed story may be known by its words."""


@dataclass(frozen=True, slots=True)
class Scene:
    """`question` is the row of what a command asked this person last."""

    work: Work
    house: House
    inbound: Inbound
    community: Community
    member: Member
    wording: Wording
    now: datetime
    conversation: Conversation | None = None
    question: int | None = None

    def say(self, key: str, **values: object) -> Say:
        return Say(
            self.wording(key, community=self.community.name, member=self.member.name, **values)
        )

    def not_for_them(self, needed: Role) -> Say:
        """The sentence that says whose command it is."""
        return self.say("command-not-yours", role=self.wording(f"role-{needed}"))

    def hearing(self, payload: Payload) -> "Scene":
        """The same, as if this had arrived."""
        return replace(self, inbound=replace(self.inbound, payload=payload))

    @property
    def is_owner(self) -> bool:
        """Whether any address of this person is named in the settings."""
        owners = self.house.owners
        if not owners or self.inbound.address in owners:
            return bool(owners)
        found = self.work.members.addresses([self.member.id]).get(self.member.id, ())
        return not owners.isdisjoint(found)

    def call(self, rest: str = "") -> Call:
        return Call(
            rest=rest,
            work=self.work,
            house=self.house,
            address=self.inbound.address,
            member=self.member,
            is_owner=self.is_owner,
            community=self.community,
            conversation=self.conversation,
            wording=self.wording,
            now=self.now,
            is_public=self.inbound.is_public,
        )

    def engine(self, conversation: Conversation) -> Engine:
        return self.house.interviews.engine(
            conversation.flow,
            conversation.version,
            wording=self.wording,
            names=Names(self.community.name, self.member.name),
            few_tellers=self._has_few_tellers(conversation),
        )

    def _has_few_tellers(self, conversation: Conversation) -> bool:
        """Counted only where it may be said: once the name was left off, or where that can be."""
        review = self.house.interviews.definition(conversation.flow, conversation.version).review
        may_matter = conversation.step == review or conversation.attribution is Attribution.UNNAMED
        return may_matter and self.work.stories.tellers(self.community.id) < FEW


def scene_of(house: House, work: Work, inbound: Inbound, *, now: datetime) -> Scene:
    """Whoever sent `inbound`, in the community that they speak in; met now if never before."""
    language = house.interviews.texts.nearest(inbound.language) if inbound.language else None
    met = work.members.meet(inbound.address, name=inbound.name, language=language, now=now)
    return _scene(house, work, inbound, met, now)


def scene_read(house: House, work: Work, inbound: Inbound, *, now: datetime) -> Scene | None:
    """The same of somebody who was met before, with nothing written; None of anybody else."""
    met = work.members.known(inbound.address)
    return _scene(house, work, inbound, met, now) if met is not None else None


def scene_with(house: House, work: Work, member: MemberId, *, now: datetime) -> Scene | None:
    """Somebody who did not write now; None where they cannot be written to."""
    address = work.members.reach(member)
    if address is None:
        return None
    nothing = Inbound(key="", address=address, said_at=now, payload=Prompted("own"))
    return scene_read(house, work, nothing, now=now)


def scene_in(scene: Scene, community: Community, role: Role | None) -> Scene:
    """The same person in another community."""
    return replace(
        scene,
        community=community,
        member=replace(scene.member, role=role or Role.MEMBER),
        wording=wording_for(scene.house, scene.inbound.address, scene.member, community),
        conversation=scene.work.conversations.active(scene.member.id, community.id),
    )


def wording_for(house: House, address: Address, member: Member, community: Community) -> Wording:
    """The texts in the person's language, or else in the community's."""
    spelling = house.spelling(address.platform)
    language = member.language or community.language
    return house.interviews.texts.wording(language, command=spelling)


def words_for(house: House, work: Work, address: Address) -> Wording:
    """The texts for whoever is at an address, known or not."""
    met = work.members.known(address)
    if met is not None:
        return wording_for(house, address, met.member, met.community or NOWHERE)
    language = work.communities.home().language
    return house.interviews.texts.wording(language, command=house.spelling(address.platform))


def say_unplaced(house: House, work: Work, to: Address, *, now: datetime) -> None:
    """Tell whoever asked for something in a group that it cannot be shown there."""
    said = Say(words_for(house, work, to)("place-closed"))
    work.outbox.put(to, [said], conversation=None, now=now)


def _scene(house: House, work: Work, inbound: Inbound, met: Met, now: datetime) -> Scene:
    community = met.community or NOWHERE
    scene = Scene(
        work=work,
        house=house,
        inbound=inbound,
        community=community,
        member=met.member,
        wording=wording_for(house, inbound.address, met.member, community),
        now=now,
        conversation=(
            work.conversations.active(met.member.id, met.community.id) if met.community else None
        ),
        question=met.question,
    )
    here = _asked_for(work, inbound) or _meets_in(work, inbound)
    if here is None or here.id == community.id:
        return scene
    return scene_in(scene, here, work.members.role(met.member.id, here.id))


def _asked_for(work: Work, inbound: Inbound) -> Community | None:
    return work.communities.known(CommunityId(inbound.about)) if inbound.about else None


def _meets_in(work: Work, inbound: Inbound) -> Community | None:
    """In a group all that is said is about the community that meets there."""
    if not inbound.is_public or inbound.place is None:
        return None
    return work.communities.at(Place(inbound.address.platform, inbound.place))
