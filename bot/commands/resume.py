from bot.commands.command import Command

RESUME = Command(name="resume")
