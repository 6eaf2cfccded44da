"""What is the same for every turn of this installation."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.interviews import Interviews, Spelling
from flows.messages import Address
from storage.communities import Access, Community, CommunityId

NOWHERE = Community(CommunityId(0), "", "", "", "UTC", Access.INVITE)
"""Where somebody is who belongs to no community."""


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
    link and the token itself is handed on.
    """

    interviews: Interviews
    spelling: Callable[[str], Spelling]
    owners: frozenset[Address] = frozenset()
    retention: Retention = Retention()
    fixed_name: bool = False

    @property
    def keeps_drafts(self) -> timedelta | None:
        days = self.retention.drafts
        return timedelta(days=days) if days is not None else None
