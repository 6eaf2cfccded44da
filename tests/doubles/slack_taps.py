"""What a person taps, commands, opens and fills in."""

from dataclasses import dataclass
from typing import Any

from tests.doubles import slack_forms as forms
from tests.doubles.slack_chats import Channel, Message, View, find
from tests.doubles.slack_deliveries import COMMANDS, INTERACTIVE, Delivery
from tests.doubles.slack_screens import Screen
from tests.doubles.slack_text import escaped, told_back
from tests.doubles.slack_view_methods import closes, submitted
from tests.doubles.slack_wire import Wire


@dataclass(eq=False)
class Fingers(Screen):
    """Those of one person. What it returns tells how the bot was told, and what it answered."""

    def taps(self, message: Message, label: str, option: str | None = None) -> Delivery:
        """A button by its label, action_id or value, or an option of a menu; also one that is gone
        meanwhile, as their client may show it still."""
        with self.world.lock:
            versions = [wire.get("blocks", []) for wire in reversed(message.versions)]
            found = next((hit for blocks in versions if (hit := find(blocks, label))), None)
            if found is None or message.only_for not in {"", self.id}:
                raise AssertionError(f"no button {label!r} in {message}")
            channel = message.channel
            url = self.world.response_url("actions", self.user, channel, message)
            container: Wire = {"type": "message", "message_ts": message.ts}
            container |= {"channel_id": channel.id, "is_ephemeral": bool(message.only_for)}
            payload = self._interaction("block_actions") | {
                "container": container,
                "channel": {"id": channel.id, "name": channel.name},
                "state": self._chosen(message.blocks, found, option),
                "response_url": url,
                "actions": [forms.action(*found, option, self.world.ts())],
            }
            if not message.only_for:  # of an ephemeral one Slack keeps nothing
                payload["message"] = told_back(message.wire)
            return self.world.sends(INTERACTIVE, payload, channel.id)

    def taps_in_home(self, label: str, option: str | None = None) -> Delivery:
        return self._taps_in(self.home, label, option)

    def taps_in_modal(self, label: str, option: str | None = None) -> Delivery:
        return self._taps_in(self.modal, label, option)

    def _taps_in(self, view: View | None, label: str, option: str | None) -> Delivery:
        with self.world.lock:
            found = find(view.blocks, label) if view else None
            if view is None or found is None:
                raise AssertionError(f"no button {label!r} in {view and view.buttons}")
            told = view.wire | {"state": self._chosen(view.blocks, found, option)}
            payload = self._interaction("block_actions") | {
                "container": {"type": "view", "view_id": view.id},
                "view": told,
                "actions": [forms.action(*found, option, self.world.ts())],
            }
            return self.world.sends(INTERACTIVE, payload, view.id)

    def _chosen(self, blocks: list[Wire], found: tuple[Wire, Wire], option: str | None) -> Wire:
        state = forms.state(blocks)
        block, element = found
        there = state["values"].get(block["block_id"], {})
        if option is not None and element["action_id"] in there:
            kept = {"action_id", "block_id", "action_ts"}
            chosen = forms.action(block, element, option, "")
            there[element["action_id"]] = {k: v for k, v in chosen.items() if k not in kept}
        return state

    def commands(self, name: str, text: str = "", channel: Channel | None = None) -> Delivery:
        """A slash command; what the bot acknowledges with, they see."""
        with self.world.lock:
            room = channel or self.dm
            payload: Wire = {
                "token": self.world.verification,
                "team_id": self.team.id,
                "team_domain": self.team.domain,
                "channel_id": room.id,
                "channel_name": "privategroup" if room.kind == "group" else room.name,
                "user_id": self.id,
                "user_name": self.user.wire["name"],
                "command": name,
                "text": escaped(text),
                "api_app_id": self.world.app_id,
                "is_enterprise_install": "false",
                "response_url": self.world.response_url("commands", self.user, room),
                "trigger_id": self.world.trigger(self.team, self.user),
            }

            def shows(answer: Any) -> None:
                said = {"text": answer} if isinstance(answer, str) else answer or {}
                if said.get("text") or said.get("blocks"):
                    only_for = "" if said.get("response_type") == "in_channel" else self.id
                    shown = {key: said[key] for key in ("text", "blocks") if key in said}
                    wire = self.world.bot_said(self.team) | shown
                    self.world.writes(room, wire, only_for=only_for)

            return self.world.sends(COMMANDS, payload, room.id, shows)

    def shortcut(self, callback_id: str, message: Message | None = None) -> Delivery:
        """One of a message's menu, or without one a global one."""
        with self.world.lock:
            kind = "message_action" if message else "shortcut"
            payload = self._interaction(kind)
            payload |= {"callback_id": callback_id, "action_ts": self.world.ts()}
            if message is not None:
                room = message.channel
                payload |= {
                    "channel": {"id": room.id, "name": room.name},
                    "message_ts": message.ts,
                    "message": told_back(message.wire),
                    "response_url": self.world.response_url("app", self.user, room, message),
                }
            return self.world.sends(INTERACTIVE, payload, self.id)

    def opens_home(self, tab: str = "home") -> Delivery | None:
        with self.world.lock:
            event: Wire = {"type": "app_home_opened", "user": self.id, "channel": self.dm.id}
            event |= {"tab": tab, "event_ts": self.world.ts()}
            event |= {"view": self.home.wire} if self.home else {}
            return self.world.tells(self.team, event, "app_home_opened")

    # Modals

    def submits(
        self, view: View | None = None, values: dict[str, Any] | None = None, timeout: float = 5
    ) -> Any:
        """Fills in a modal (the one in front) and sends it; what the bot answered, done already.

        Blocks until then. `values` go by block_id, action_id or label. Raises where the client
        would not let them, where the bot does not answer, or answers with what Slack refuses.
        """
        return self.sends_in(view, values).answered(timeout)

    def sends_in(self, view: View | None = None, values: dict[str, Any] | None = None) -> Delivery:
        """The same without waiting."""
        with self.world.lock:
            view = view or self.modal
            if view is None or view.closed or view.wire["submit"] is None:
                raise AssertionError("there is nothing open that can be submitted")
            filled = forms.state(view.blocks, values)
            forms.complete(view.blocks, filled)
            front, user = view, self.user
            payload = self._interaction("view_submission")
            payload |= {"view": view.wire | {"state": filled}, "response_urls": []}

            def does(answer: Any) -> None:
                delivery.fault = submitted(self.world, self.team, user, front, answer)

            delivery = self.world.sends(INTERACTIVE, payload, view.id, does)
            return delivery

    def closes(self, view: View | None = None) -> Delivery | None:
        """Puts a modal (the one in front) away; the bot is told if it asked for that."""
        with self.world.lock:
            view = view or self.modal
            if view is None:
                raise AssertionError("nothing is open")
            closes(self.user, view)
            self.world.changed.notify_all()
            if not view.wire["notify_on_close"]:
                return None
            payload = self._interaction("view_closed")
            del payload["trigger_id"]
            payload |= {"view": view.wire, "is_cleared": False}
            return self.world.sends(INTERACTIVE, payload, view.id)

    def _interaction(self, kind: str) -> Wire:
        """What all interactions tell."""
        name = self.user.wire["name"]
        return {
            "type": kind,
            "token": self.world.verification,
            "api_app_id": self.world.app_id,
            "team": {"id": self.team.id, "domain": self.team.domain},
            "user": {"id": self.id, "username": name, "name": name, "team_id": self.team.id},
            "trigger_id": self.world.trigger(self.team, self.user),
            "enterprise": None,
            "is_enterprise_install": False,
        }
