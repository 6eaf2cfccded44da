from bot.commands.command import Command

TELL = Command(name="tell", aliases=("story",))
