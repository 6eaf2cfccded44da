from bot.commands.command import Command

SKIP = Command(name="skip")
