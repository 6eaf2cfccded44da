"""Numbers of rounds that are kept up to date where a coordinator asked for them."""

from dataclasses import replace
from datetime import datetime

from bot.commands.rounds import digest, numbers_of
from bot.house import House
from bot.limits import BROADCAST
from bot.pausing import Pause
from bot.scene import scene_in, scene_read
from flows.messages import Inbound, Prompted, Say
from storage.members import Role
from storage.unit_of_work import Work
from storage.watches import Watch


def has_changed(house: House, work: Work, now: datetime) -> bool:
    return any(_now(house, work, watch, now) is not None for watch in work.watches.all())


def show(house: House, work: Work, now: datetime) -> Pause:
    """Each message whose numbers are others by now, in its place."""
    work.watches.drop_old(now)
    for watch in work.watches.all():
        said = _now(house, work, watch, now)
        if said is not None:
            work.watches.show(watch, digest(said.text))
            work.outbox.put(
                watch.at, [said], conversation=None, now=now, priority=BROADCAST, in_place=True
            )
    return None


def _now(house: House, work: Work, watch: Watch, now: datetime) -> Say | None:
    """What stands there now; None where it is what is shown, or not theirs to read any more."""
    nothing = Inbound(key="", address=watch.at, said_at=now, payload=Prompted("own"))
    scene = scene_read(house, work, nothing, now=now)
    community = work.communities.known(watch.community)
    if scene is None or community is None:
        return None
    role = work.members.role(scene.member.id, community.id)
    may_read = role is not None and role.may(Role.COORDINATOR)
    if not may_read and not scene.is_owner:
        return None
    said = numbers_of(scene_in(replace(scene, question=None), community, role).call())
    return said if digest(said.text) != watch.shown else None
