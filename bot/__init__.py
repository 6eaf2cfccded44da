"""What wires everything: turns, commands, delivery, platforms and the program's own commands."""
