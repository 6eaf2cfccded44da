from bot.commands.command import Command

BACK = Command(name="back")
