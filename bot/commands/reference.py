"""How people write a story's reference."""

import re

REFERENCE = re.compile(r"[sS]?\s*[-–‑]?\s*(\d{3,15})")


def reference(text: str) -> str | None:
    """`s-481`, `S 481` and `481` are all `S-481`; None where it is none."""
    found = REFERENCE.fullmatch(text.strip())
    return f"S-{found[1]}" if found else None


def split_reference(text: str) -> tuple[str | None, str]:
    """`S-481 for the report` -> the reference and what stands behind it."""
    found = re.match(r"[sS]?\s*[-–‑]?\s*(\d{3,15})(?:\s+|$)", text.strip())
    if found is None:
        return None, text.strip()
    return f"S-{found[1]}", text.strip()[found.end() :].strip()
