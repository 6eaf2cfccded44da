"""The peer as a program: `python -m benchmarks.telegram_peer URL`.

python-telegram-bot as it is built without any options, asking the Bot API at URL for updates. It
keeps nothing beyond its memory.
"""

import sys

from telegram.ext import ApplicationBuilder

from benchmarks.bot_api import TOKEN
from benchmarks.telegram_bot import interview


def main(url: str) -> None:
    application = ApplicationBuilder().token(TOKEN).base_url(f"{url}/bot").build()
    application.add_handler(interview(persistent=False))
    application.run_polling()


if __name__ == "__main__":
    main(sys.argv[1])
