from bot.commands.command import Command

PAUSE = Command(name="pause")
