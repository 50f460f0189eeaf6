from __future__ import annotations

import pytest

from gate.commands.action_inputs import read_inputs
from gate.errors import UsageError


def key(**given: str) -> str:
    return read_inputs({name.replace("_", "-"): value for name, value in given.items()}).key


@pytest.mark.parametrize("folder", ["", ".", "./"])
def test_the_plain_use_has_no_key(folder: str) -> None:
    assert key(working_directory=folder) == ""
    assert read_inputs({}).artifact == "gate-report"


def test_uses_that_look_at_different_things_have_different_keys() -> None:
    uses = [
        {"working_directory": "bots"},
        {"working_directory": ".bots"},
        {"working_directory": "../bots"},
        {"working_directory": "bots/a"},
        {"working_directory": "bots", "config": "a"},
        {"config": "bots"},
        {"suites": "bots"},
        {"suites": "bots a"},
        {"suites": "drift"},
        {"command": "drift"},
    ]
    assert len({key(**use) for use in uses}) == len(uses)


@pytest.mark.parametrize("folder", ["bots", "bots/", "./bots", "bots/.", "x/../bots"])
def test_one_folder_has_one_key_however_it_is_written(folder: str) -> None:
    assert key(working_directory=folder) == key(working_directory="bots")
    one, other = (key(working_directory="bots", suites=suites) for suites in ("a b", "b a"))
    assert one == other


def test_the_shards_and_their_merge_have_one_key() -> None:
    shard = read_inputs({"shard": "3/8", "suites": "a"})
    merge = read_inputs({"command": "merge", "suites": "a"})
    assert shard.artifact == f"{merge.shards}3-of-8"


@pytest.mark.parametrize("given", ["report", "a--b", "A", "a b", "-a", "a" * 41, "ä"])
def test_a_key_that_is_none_or_another_ones_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="is no key"):
        key(comment_key=given)


def test_arguments_stand_apart_from_options() -> None:
    asked = read_inputs({"suites": "--help\n-x", "base": "--all", "max-calls": "3"})
    assert asked.arguments("out", "")[-3:] == ["--", "--help", "-x"]
    assert "--base" in asked.arguments("out", "")
