from bot.commands.command import Command

CANCEL = Command(name="cancel")
