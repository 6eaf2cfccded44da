from bot.commands.command import Command

START = Command(name="start")
