"""One transaction, holding the repositories."""

from functools import cached_property

from sqlalchemy import Connection

from storage.communities import Communities
from storage.conversations import Conversations
from storage.definitions import StoredDefinitions
from storage.inbox import Inbox
from storage.members import Members
from storage.outbox import Outbox
from storage.queries import Queries
from storage.stories import Stories
from storage.story_reads import StoryReads


class Work:
    """What can be read and written within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @cached_property
    def inbox(self) -> Inbox:
        return Inbox(self._connection)

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox(self._connection)

    @cached_property
    def communities(self) -> Communities:
        return Communities(self._connection)

    @cached_property
    def members(self) -> Members:
        return Members(self._connection)

    @cached_property
    def conversations(self) -> Conversations:
        return Conversations(self._connection)

    @cached_property
    def definitions(self) -> StoredDefinitions:
        return StoredDefinitions(self._connection)

    @cached_property
    def stories(self) -> Stories:
        return Stories(self._connection)

    @cached_property
    def queries(self) -> Queries:
        return Queries(self._connection)

    @cached_property
    def story_reads(self) -> StoryReads:
        return StoryReads(self._connection)
