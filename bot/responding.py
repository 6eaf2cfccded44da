"""What one inbound brings about, within one transaction: a command, or a turn of the interview."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.commands import find
from bot.commands.command import Call, Command
from bot.interviews import Interviews, Spelling
from flows.asking import Names
from flows.conversation import Conversation, Origin, Status, Turn
from flows.engine import OWN, Engine
from flows.messages import Commanded, Edited, Inbound, Prompted, Reply, Say, Wording
from storage.communities import Community
from storage.inbox import InboxStatus
from storage.members import Member
from storage.unit_of_work import Work


@dataclass(frozen=True, slots=True)
class Scene:
    """Who speaks to whom, about what, within one transaction."""

    work: Work
    inbound: Inbound
    community: Community
    member: Member
    wording: Wording
    now: datetime
    conversation: Conversation | None = None

    def say(self, key: str, **values: object) -> Say:
        return Say(
            self.wording(key, community=self.community.name, member=self.member.name, **values)
        )


class Responder:
    def __init__(self, interviews: Interviews, spelling: Callable[[str], Spelling]) -> None:
        self._interviews = interviews
        self._spelling = spelling

    def preload(self, work: Work, inbounds: Sequence[Inbound]) -> None:
        """Read what most of their turns need, all at once. Each must be of another person."""
        work.inbox.preload([inbound.key for inbound in inbounds])
        home = work.communities.home()
        members = work.members.preload([i.address for i in inbounds], community=home)
        work.conversations.preload([member.id for member in members], home.id)

    def respond(self, work: Work, inbound: Inbound, *, now: datetime) -> bool:
        """Save what `inbound` changes and what is said to it.

        True where a command still has to read, beside the writer: `read`, and then `answer`.
        """
        scene = self._scene(work, inbound, now)
        payload = inbound.payload
        if not isinstance(payload, Commanded):
            self._talk(scene)
            return False
        command = find(payload.name)
        if command is None:
            key = "command-unknown-asked" if self._takes_words(scene) else "command-unknown"
            self._answer(scene, [scene.say(key, name=payload.name)])
        elif not scene.member.role.may(command.role):
            role = scene.wording(f"role-{command.role}")
            self._answer(scene, [scene.say("command-not-yours", role=role)])
        elif command.run is None:
            self._move(scene, command)
        elif command.reads_much:
            work.inbox.keep(inbound, InboxStatus.WAITING)
            return True
        else:
            self._answer(scene, command.run(self._call(scene, payload.rest)))
        return False

    def read(self, work: Work, inbound: Inbound, *, now: datetime) -> list[Reply]:
        """What a command that reads much has to say. Writes nothing."""
        scene = self._scene(work, inbound, now, known=True)
        payload = inbound.payload
        if not isinstance(payload, Commanded):
            return []
        command = find(payload.name)
        if command is None or command.run is None or not scene.member.role.may(command.role):
            return []
        return list(command.run(self._call(scene, payload.rest)))

    def answer(
        self, work: Work, inbound: Inbound, replies: Iterable[Reply], *, now: datetime
    ) -> None:
        """Say `replies` to whoever sent `inbound`, and ask the open question once more."""
        self._answer(self._scene(work, inbound, now), replies)

    def apologize(self, work: Work, inbound: Inbound, *, now: datetime) -> None:
        """Say that an input failed and is kept."""
        wording = self._wording(inbound, work.communities.home().language)
        work.outbox.put(inbound.address, [Say(wording("failed-turn"))], conversation=None, now=now)

    # ---- what is asked of the interview ----

    def _talk(self, scene: Scene) -> None:
        if scene.conversation is not None:
            self._advance(scene, scene.conversation)
        elif isinstance(scene.inbound.payload, Prompted) or self._is_newcomer(scene):
            self._begin(scene)
        elif not isinstance(scene.inbound.payload, Edited):  # nothing open reads otherwise by it
            self._nothing_open(scene)

    def _nothing_open(self, scene: Scene) -> None:
        parked = scene.work.conversations.latest_parked(scene.member.id, scene.community.id)
        key = "nothing-open" if parked is None else "nothing-open-parked"
        self._put(scene, [scene.say(key)])

    def _is_newcomer(self, scene: Scene) -> bool:
        return scene.work.conversations.is_new(scene.member.id, scene.community.id)

    def _move(self, scene: Scene, command: Command) -> None:
        if scene.conversation is not None:
            as_named = replace(scene.inbound, payload=Commanded(command.name))
            self._advance(replace(scene, inbound=as_named), scene.conversation)
        elif command.name == "tell":
            self._begin(scene)
        elif command.name == "start":
            self._welcome_back(scene)
        elif command.name == "resume":
            self._resume(scene)
        else:
            self._nothing_open(scene)

    def _welcome_back(self, scene: Scene) -> None:
        """Nothing is open: what waits is offered, and a newcomer is asked at once."""
        conversations, member, community = (
            scene.work.conversations,
            scene.member.id,
            scene.community.id,
        )
        parked = conversations.latest_parked(member, community)
        due = conversations.due(member, community, now=scene.now)
        if parked is not None:
            active = replace(parked, status=Status.ACTIVE)
            self._advance(_prompted(scene, "away"), active)
        elif due is not None:
            self._advance(_prompted(scene, due.entry), due.conversation)
        elif self._is_newcomer(scene):
            self._begin(scene)
        else:
            self._put(scene, [scene.say("hello-again")])

    def _resume(self, scene: Scene) -> None:
        parked = scene.work.conversations.latest_parked(scene.member.id, scene.community.id)
        if parked is None:
            self._put(scene, [scene.say("nothing-open")])
        else:
            self._advance(scene, parked)

    def _begin(self, scene: Scene) -> None:
        definition = self._interviews.current
        prompted = scene.inbound.payload
        anchor = prompted.anchor if isinstance(prompted, Prompted) else None
        agreed = scene.work.members.agreed_to(
            scene.member.id, scene.community.id, flow=definition.name
        )
        conversation = scene.work.conversations.create(
            scene.member.id,
            scene.community.id,
            flow=definition.name,
            version=definition.version,
            now=scene.now,
            anchor=anchor,
            origin=Origin.PROMPT if anchor else Origin.OWN,
        )
        turn = self._engine(scene, conversation).start(
            conversation,
            entry=OWN,
            consented=agreed is not None and agreed >= definition.consent_version,
            now=scene.now,
        )
        self._save(scene, conversation, turn)

    def _advance(self, scene: Scene, conversation: Conversation) -> None:
        turn = self._engine(scene, conversation).advance(conversation, scene.inbound, scene.now)
        self._save(scene, conversation, turn)
        if turn.restarts:
            self._begin(scene)

    def _answer(self, scene: Scene, replies: Iterable[Reply]) -> None:
        """A command's replies, and then the open question once more.

        Of a story that was taken back nothing more is asked.
        """
        said = list(replies)
        if scene.conversation is None:
            self._put(scene, said)
            return
        engine = self._engine(scene, scene.conversation)
        turned = scene.conversation.turned(scene.now)
        is_over = scene.work.stories.is_withdrawn(turned.id)
        turn = engine.leave(turned, *said) if is_over else engine.again(turned, *said)
        self._save(scene, scene.conversation, turn)

    def _save(self, scene: Scene, before: Conversation, turn: Turn) -> None:
        work, after = scene.work, turn.conversation
        work.conversations.save(before, after)
        if turn.agreed is not None:
            work.members.agree(
                scene.member.id, scene.community.id, flow=after.flow, agreed=turn.agreed
            )
        if turn.story is not None:
            agreed = work.members.agreed_to(scene.member.id, scene.community.id, flow=after.flow)
            work.stories.put(
                turn.story,
                conversation=after.id,
                member=scene.member.id,
                community=scene.community.id,
                language=scene.wording.language,
                platform=scene.inbound.address.platform,
                consent_version=agreed or 0,
            )
        if turn.worth is not None:
            work.stories.set_worth(after.id, turn.worth)
        if turn.story is not None or turn.stops_asking:
            work.conversations.stop_asking(after.id)
        if turn.ask_again is not None:
            work.conversations.ask_again(after.id, turn.ask_again.entry, at=turn.ask_again.at)
        self._put(scene, turn.replies, after)

    def _put(
        self, scene: Scene, replies: Iterable[Reply], conversation: Conversation | None = None
    ) -> None:
        scene.work.outbox.put(
            scene.inbound.address,
            replies,
            conversation=conversation.id if conversation else None,
            now=scene.now,
        )

    # ---- who speaks, and how ----

    def _scene(self, work: Work, inbound: Inbound, now: datetime, *, known: bool = False) -> Scene:
        """`known`: the person was seen before, so that nothing needs to be written."""
        community = work.communities.home()
        member = (
            work.members.known(inbound.address, community=community)
            if known
            else work.members.upsert(
                inbound.address, name=inbound.name, community=community, now=now
            )
        )
        return Scene(
            work=work,
            inbound=inbound,
            community=community,
            member=member,
            wording=self._wording(inbound, member.language),
            now=now,
            conversation=work.conversations.active(member.id, community.id),
        )

    def _wording(self, inbound: Inbound, language: str) -> Wording:
        spelling = self._spelling(inbound.address.platform)
        return self._interviews.texts.wording(language, command=spelling)

    def _takes_words(self, scene: Scene) -> bool:
        open_now = scene.conversation
        return open_now is not None and self._engine(scene, open_now).ask.takes_words(open_now)

    def _engine(self, scene: Scene, conversation: Conversation) -> Engine:
        return self._interviews.engine(
            conversation.flow,
            conversation.version,
            wording=scene.wording,
            names=Names(scene.community.name, scene.member.name),
        )

    def _call(self, scene: Scene, rest: str) -> Call:
        return Call(
            rest=rest,
            work=scene.work,
            member=scene.member,
            community=scene.community,
            conversation=scene.conversation,
            wording=scene.wording,
            framework=self._interviews.framework,
            definition=self._interviews.definition,
            now=scene.now,
        )


def _prompted(scene: Scene, about: str) -> Scene:
    return replace(scene, inbound=replace(scene.inbound, payload=Prompted(about)))
