"""What is the same for every turn of this installation."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.interviews import Interviews, Spelling
from flows.messages import Address
from storage.candidates import Reach
from storage.communities import Access, Community, CommunityId

NOWHERE = Community(CommunityId(0), "", "", "", "UTC", Access.INVITE)
"""Where somebody is who belongs to no community."""


TERMINAL_ONLY = frozenset({"terminal"})
"""Where members are written to in an installation without a platform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """After how many days things go; None is never."""

    drafts: int | None = None
    platform_ids: int | None = None
    inputs: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The interviews, how platforms write commands, who owns the installation, and its rules.

    `invite_link` makes a link of an invite's token for a platform, None where there is no such
    link and the token itself is handed on. `serves` names the platforms on which members are
    written to unasked; `backlog` prompts may wait to be sent at once.
    """

    interviews: Interviews
    spelling: Callable[[str], Spelling]
    owners: frozenset[Address] = frozenset()
    retention: Retention = Retention()
    fixed_name: bool = False
    serves: frozenset[str] = TERMINAL_ONLY
    backlog: int = 600

    @property
    def reach(self) -> Reach:
        """Who may be asked: whoever agreed to the interview as it is, on a served platform."""
        flow = self.interviews.current
        return Reach(flow=flow.name, consent_version=flow.consent_version, platforms=self.serves)

    @property
    def keeps_drafts(self) -> timedelta | None:
        days = self.retention.drafts
        return timedelta(days=days) if days is not None else None
