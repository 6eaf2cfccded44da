"""What the house rests on, beside the borders that `make check` watches."""

import json
import subprocess
import sys
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.builders import environment

OURS = ("bot", "flows", "storage", "config")

HEAVY = (
    "sqlalchemy",
    "rich",
    "prompt_toolkit",
    "alembic",
    "pydantic",
    "pydantic_settings",
    "fluent",
    "transitions",
    "ruamel",
    "structlog",
    "asyncio",
)

LOOK = """
import json, sys
sys.argv = ["storytrail", *json.loads(sys.argv[1])]
from bot.cli import main
try:
    main()
except SystemExit as end:
    code = end.code
print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""
"""Runs the program, and then tells on standard error which modules it has loaded."""


def loaded_by(folder: Path, *arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", LOOK, json.dumps(arguments)],
        capture_output=True,
        cwd=folder,
        env=environment(folder / "storytrail.db"),
        timeout=60,
        check=True,
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == 0
    return set(modules)


@pytest.mark.parametrize("package", OURS)
def test_no_other_distribution_owns_one_of_our_packages(package):
    # An editable install owns none by name, so that "nobody" is right as well.
    owners = packages_distributions().get(package, ["storytrail"])

    assert set(owners) == {"storytrail"}


def test_the_four_packages_lie_side_by_side():
    parents = {Path(import_module(name).__file__ or "").parents[1] for name in OURS}

    assert len(parents) == 1


def test_the_package_with_a_common_name_holds_nothing_that_could_be_overwritten():
    lines = Path(import_module("config").__file__ or "").read_text().splitlines()

    assert len(lines) == 1
    assert lines[0].startswith('"""')


def test_help_is_given_without_anything_heavy(tmp_path):
    modules = loaded_by(tmp_path, "--help")

    assert [name for name in HEAVY if name in modules] == []
    assert list(tmp_path.iterdir()) == []


def test_the_help_of_a_command_loads_no_more_than_typer_itself_does(tmp_path):
    modules = loaded_by(tmp_path, "export", "--help")

    # typer reads the kinds of options with pydantic.
    assert [name for name in HEAVY if name in modules] == ["pydantic"]


def test_a_report_loads_nothing_that_a_window_is_typed_in_with(tmp_path):
    assert "prompt_toolkit" not in loaded_by(tmp_path, "check")
