"""What members do with a prompt: answer it, put it off, have fewer or none."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.scene import Scene
from flows.clocks import day_at, local_moment, shown_at
from flows.conversation import Conversation, Turn, Wish
from flows.messages import Say
from flows.prompting import LATER, WINDOW, less_often


def prompt_answered(scene: Scene, before: Conversation, turn: Turn) -> Turn:
    """The turn in which somebody does anything with a prompt, with what is said to a wish."""
    after = turn.conversation
    goes_on = after.has_begun and after.aside is None
    if goes_on or after.aside != before.aside:
        turn = replace(turn, conversation=replace(after, prompted=False))
    work, member = scene.work, scene.member.id
    work.prompting.answered(member, now=scene.now)
    started = goes_on and turn.wish is None
    work.deliveries.reacted(before.id, has_started=started, now=scene.now)
    if turn.wish is None:
        return turn
    said = replace(_said(scene, before, turn.wish), ends=True)
    return replace(turn, replies=(*turn.replies, said))


def _said(scene: Scene, before: Conversation, wish: Wish) -> Say:
    match wish:
        case Wish.LATER:
            due = in_days(scene, LATER)
            until = due + timedelta(hours=WINDOW)
            scene.work.deliveries.snooze(before.id, due_at=due, until=until, now=scene.now)
            return scene.say("prompt-later", days=LATER)
        case Wish.NOT_NOW:
            return scene.say("prompt-not-now")
        case Wish.LESS:
            return less(scene)
        case Wish.STOP:
            return stop(scene)


def less(scene: Scene) -> Say:
    """Half as often from now on."""
    wishes = scene.work.prompting.of(scene.member.id)
    every = less_often(wishes.every_days or scene.work.communities.asked(scene.community.id).every)
    scene.work.prompting.change(scene.member.id, every_days=every)
    return scene.say("prompt-less", weeks=every // 7)


def stop(scene: Scene) -> Say:
    """No prompt any more, until they say otherwise."""
    scene.work.prompting.change(scene.member.id, stopped_at=scene.now)
    return scene.say("prompt-stopped")


def zone_of(scene: Scene) -> str:
    return scene.member.timezone or scene.community.timezone


def today(scene: Scene) -> date:
    """By this person's clock."""
    return day_at(scene.now, zone_of(scene))


def in_days(scene: Scene, days: int) -> datetime:
    """The same hour of theirs, so many days on."""
    here = shown_at(scene.now, zone_of(scene))
    return local_moment(here.date() + timedelta(days=days), here.time(), zone_of(scene))
