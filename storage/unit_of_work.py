"""One transaction, holding the repositories."""

from functools import cached_property

from sqlalchemy import Connection

from storage.audit import Audit
from storage.candidates import Candidates
from storage.check_backs import CheckBacks
from storage.codes import Codes
from storage.communities import Communities
from storage.conversations import Conversations
from storage.definitions import StoredDefinitions
from storage.deliveries import Deliveries
from storage.digests import Digests
from storage.erasure import Erasure
from storage.everything import Everything
from storage.inbox import Inbox
from storage.installations import Installations
from storage.members import MemberId, Members
from storage.merging import merge
from storage.outbox import Outbox
from storage.permissions import Permissions
from storage.prepared import together
from storage.prompting import Prompting
from storage.queries import Queries
from storage.questions import Questions
from storage.reminders import Reminders
from storage.retention import Expiring
from storage.rounds import Rounds
from storage.schedules import Schedules
from storage.standing import Standing
from storage.stories import Stories
from storage.story_reads import StoryReads
from storage.watches import Watches

Mark = tuple[int, int, int]


class Work:
    """What can be read and written within one transaction.

    What a turn always writes (its claim, its conversation, its replies) waits for `flush`, so that
    the turns of a batch are written together. Everything else is written at once.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        # These five take part in every turn, the others in few.
        self.inbox = Inbox(connection)
        self.outbox = Outbox(connection)
        self.communities = Communities(connection)
        self.members = Members(connection)
        self.conversations = Conversations(connection)

    def flush(self) -> None:
        """Write what waits; to be called at the end of every transaction that turns are made in."""
        with together(self._connection):
            self.inbox.flush()
            deleted = self.conversations.flush()
            self.outbox.flush()
        for draft, at in deleted:
            self.erasure.deleted_draft(draft, now=at)

    @property
    def has_erased(self) -> bool:
        """Whether words were erased for good."""
        return "erasure" in self.__dict__ and self.erasure.has_erased

    def mark(self) -> Mark:
        """What waits by now."""
        return len(self.inbox.claims), len(self.conversations.saves), len(self.outbox.rows)

    def drop(self, mark: Mark) -> None:
        """Forget what was to be written since `mark`."""
        claims, saves, rows = mark
        del self.inbox.claims[claims:]
        del self.conversations.saves[saves:]
        del self.outbox.rows[rows:]

    @cached_property
    def definitions(self) -> StoredDefinitions:
        return StoredDefinitions(self._connection)

    @cached_property
    def codes(self) -> Codes:
        return Codes(self._connection)

    @cached_property
    def schedules(self) -> Schedules:
        return Schedules(self._connection)

    @cached_property
    def rounds(self) -> Rounds:
        return Rounds(self._connection)

    @cached_property
    def candidates(self) -> Candidates:
        return Candidates(self._connection)

    @cached_property
    def check_backs(self) -> CheckBacks:
        return CheckBacks(self._connection)

    @cached_property
    def reminders(self) -> Reminders:
        return Reminders(self._connection)

    @cached_property
    def digests(self) -> Digests:
        return Digests(self._connection)

    @cached_property
    def standing(self) -> Standing:
        return Standing(self._connection)

    @cached_property
    def deliveries(self) -> Deliveries:
        return Deliveries(self._connection)

    @cached_property
    def prompting(self) -> Prompting:
        return Prompting(self._connection)

    @cached_property
    def watches(self) -> Watches:
        return Watches(self._connection)

    @cached_property
    def installations(self) -> Installations:
        return Installations(self._connection)

    @cached_property
    def questions(self) -> Questions:
        return Questions(self._connection)

    @cached_property
    def permissions(self) -> Permissions:
        return Permissions(self._connection)

    @cached_property
    def audit(self) -> Audit:
        return Audit(self._connection)

    @cached_property
    def erasure(self) -> Erasure:
        return Erasure(self._connection)

    @cached_property
    def expiring(self) -> Expiring:
        return Expiring(self._connection)

    @cached_property
    def everything(self) -> Everything:
        return Everything(self._connection)

    def merge(self, stays: MemberId, goes: MemberId) -> None:
        """Make one person of two."""
        self.flush()
        merge(self._connection, stays, goes)

    @cached_property
    def stories(self) -> Stories:
        return Stories(self._connection)

    @cached_property
    def queries(self) -> Queries:
        return Queries(self._connection)

    @cached_property
    def story_reads(self) -> StoryReads:
        return StoryReads(self._connection)
