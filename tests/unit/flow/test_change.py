from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gate.core.checks import parse_check
from gate.core.config import Suite
from gate.core.model import Case, Message, Prompt
from gate.core.score import Rules
from gate.errors import ConfigError, UsageError
from gate.flow.change import (
    Side,
    check_expectations,
    choose_cases,
    make_suite_change,
    merge_cases,
    suite_cases,
)
from gate.store.worktree import WorkTree

if TYPE_CHECKING:
    from conftest import Folder


def case(case_id: str, **more: object) -> Case:
    return Case(case_id=case_id, input={"x": case_id}, **more)


def prompt(model: str = "openai/m", **more: object) -> Prompt:
    keys = {"path": "p.yml", "name": "p", "model": model, "parameters": {}, **more}
    return Prompt(messages=(Message(role="user", content="hi"),), **keys)


def check(name: str, operand: object):
    return parse_check(name, operand, load_schema=lambda _path: None)


def test_the_bases_cases_stay_as_they_are_and_new_ones_are_marked() -> None:
    base = (case("b", expected="old"), case("a"))
    head = (case("c"), case("b", expected="softened"), case("d"))
    merged = merge_cases(base, head)
    assert merged == (
        case("b", expected="old"),
        case("a"),
        case("c", is_new=True),
        case("d", is_new=True),
    )
    assert merge_cases(base, base) == base
    assert merge_cases(base, ()) == base


def test_a_case_stands_where_the_head_has_it() -> None:
    base = (case("a", path="cases.jsonl", line=1), case("gone", path="cases.jsonl", line=2))
    head = (case("new", path="more.jsonl", line=1), case("a", path="moved.jsonl", line=7))
    places = {each.case_id: (each.path, each.line) for each in merge_cases(base, head)}
    assert places == {
        "a": ("moved.jsonl", 7),
        "gone": ("cases.jsonl", 0),
        "new": ("more.jsonl", 1),
    }


@pytest.mark.parametrize(
    ("pattern", "chosen"),
    [
        pytest.param(None, ["t-1", "t-2", "T-3"], id="no-filter"),
        pytest.param("t-1", ["t-1"], id="one"),
        pytest.param("t-*", ["t-1", "t-2"], id="glob-minds-capitals"),
        pytest.param("*[23]", ["t-2", "T-3"], id="set"),
    ],
)
def test_a_filter_keeps_what_it_matches(pattern: str | None, chosen: list[str]) -> None:
    cases = tuple(map(case, ("t-1", "t-2", "T-3")))
    assert [each.case_id for each in choose_cases(cases, pattern)] == chosen


def test_a_filter_that_matches_nothing_is_an_error() -> None:
    with pytest.raises(UsageError, match="--case t: matches none of 1 cases"):
        choose_cases((case("t-1"),), "t")


def test_cases_come_from_the_file_or_from_the_prompt(folder: Folder) -> None:
    folder.write({"c.jsonl": '{"id": "f", "input": "x"}\n'})
    tree = WorkTree(folder.path)
    own = prompt(test_data=(case("own"),))
    with_file = Suite(name="s", prompt="p.yml", cases="c.jsonl")
    without = Suite(name="s", prompt="p.yml")
    assert [each.case_id for each in suite_cases(tree, with_file, own)] == ["f"]
    assert [each.case_id for each in suite_cases(tree, without, own)] == ["own"]
    with pytest.raises(ConfigError, match=r"p.yml: suite 's' has no cases"):
        suite_cases(tree, without, prompt())


NEEDS = [check("equals", {"expected": "queue"})]


@pytest.mark.parametrize(
    ("expected", "checks", "missing"),
    [
        pytest.param({"queue": "x"}, NEEDS, None, id="there"),
        pytest.param({"queue": None}, NEEDS, None, id="null-is-there"),
        pytest.param({"owner": "x"}, NEEDS, "expected.queue", id="another-field"),
        pytest.param(None, NEEDS, "expected.queue", id="no-expectation"),
        pytest.param("text", NEEDS, "expected.queue", id="expectation-without-fields"),
        pytest.param(None, [check("matches", {})], "expected", id="all-of-it"),
        pytest.param(None, [check("equals", "x"), check("json", operand=True)], None, id="own"),
    ],
)
def test_a_check_needs_what_it_holds_outputs_against(expected, checks, missing) -> None:
    cases = (case("a", expected={"queue": "x"}), case("b", expected=expected))
    if missing is None:
        check_expectations("s", cases, tuple(checks))
        return
    with pytest.raises(ConfigError) as caught:
        check_expectations("s", cases, tuple(checks))
    assert f"case 'b' has no '{missing}'" in str(caught.value)


def test_the_old_prompts_evaluators_count_after_the_suites_checks() -> None:
    suite = Suite(name="s", prompt="p.yml", rules=Rules(checks=(check("json", operand=True),)))
    old = prompt(evaluators=(check("contains", "old"),))
    new = prompt(evaluators=(check("contains", "new"), check("equals", "new")))
    change = make_suite_change(
        suite, (case("a"),), Side(prompt=old, baseline=None), Side(prompt=new, baseline=None)
    )
    values = [(each.kind, each.value) for each in change.suite.rules.checks]
    assert values == [("json", None), ("contains", "old")]


@pytest.mark.parametrize("model", ["opnai/m", "openai/", "x"])
@pytest.mark.parametrize("side", ["old", "new"])
def test_a_provider_that_nobody_knows_is_refused_on_either_side(model: str, side: str) -> None:
    sides = {"old": prompt(), "new": prompt(), side: prompt(model)}
    with pytest.raises(ConfigError, match="unknown provider"):
        make_suite_change(
            Suite(name="s", prompt="p.yml"),
            (case("a"),),
            Side(prompt=sides["old"], baseline=None),
            Side(prompt=sides["new"], baseline=None),
        )
