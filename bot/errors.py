"""What can go wrong with a program that a person started; each text is a sentence for them."""


class ProgramError(Exception):
    """The root of these."""


class AlreadyRunning(ProgramError):
    def __init__(self) -> None:
        super().__init__(
            "Another `storytrail run` uses this database file already: end it first, or give each "
            "its own file. Several at once need PostgreSQL."
        )


class StillRunning(ProgramError):
    def __init__(self) -> None:
        super().__init__(
            "`storytrail run` uses this database: end it first, then put the backup back."
        )


class NothingToRun(ProgramError):
    def __init__(self) -> None:
        super().__init__(
            "There is no platform to run: set STORYTRAIL_TELEGRAM_TOKEN, or for Slack "
            "STORYTRAIL_SLACK_BOT_TOKEN with STORYTRAIL_SLACK_APP_TOKEN. For a look in this "
            "terminal there is `storytrail chat`."
        )


class WebhookUnset(ProgramError):
    def __init__(self) -> None:
        super().__init__(
            "Webhooks need STORYTRAIL_PUBLIC_URL and STORYTRAIL_TELEGRAM_WEBHOOK_SECRET; or set "
            "STORYTRAIL_TELEGRAM_MODE to polling."
        )


class InstallingNeedsUrl(ProgramError):
    def __init__(self) -> None:
        super().__init__(
            "STORYTRAIL_SLACK_CLIENT_ID is for installing the app in many workspaces, and that "
            "needs STORYTRAIL_SLACK_CLIENT_SECRET, and an STORYTRAIL_PUBLIC_URL with https://."
        )


class SlackUnset(ProgramError):
    def __init__(self) -> None:
        super().__init__(
            "Slack needs STORYTRAIL_SLACK_APP_TOKEN for Socket Mode, or for HTTP "
            "STORYTRAIL_SLACK_SIGNING_SECRET."
        )
