from __future__ import annotations

import pytest

from gate.core.schemas import SCHEMAS
from gate.errors import ConfigError
from gate.store.validation import validate
from gate.store.yaml_text import parse_yaml

CONFIG = """\
version: 1
owner: me
suites:
  s:
    prompt: p.yml
    checks:
      - json: true
      - regex: x
policy:
  alpha: 0.05
waivers:
  - finding: f
    owner: o
    reason: r
    expires: 2026-12-31
"""
PROMPT = """\
name: n
model: openai/m
messages:
  - role: user
    content: hello
"""


def error_of(text: str, schema: str = "config") -> ConfigError:
    document = parse_yaml(text.encode(), "f.yaml")
    with pytest.raises(ConfigError) as caught:
        validate(document.value, schema, where=document.where)
    return caught.value


def test_what_is_right_passes() -> None:
    for schema, text in (("config", CONFIG), ("prompt", PROMPT)):
        document = parse_yaml(text.encode(), "f.yaml")
        validate(document.value, schema, where=document.where)


@pytest.mark.parametrize(
    ("old", "new", "says", "fix"),
    [
        pytest.param(
            "owner: me", "onwer: me", "f.yaml:2: unknown key 'onwer'", "did you mean 'owner'?",
            id="unknown-key-at-the-top",
        ),
        pytest.param(
            "    prompt: p.yml", "    prompt: p.yml\n    case: x",
            "f.yaml:6: unknown key 'suites.s.case'", "did you mean 'cases'?",
            id="unknown-key-of-a-suite",
        ),
        pytest.param(
            "- regex: x", "- regexp: x", "f.yaml:8: unknown key 'suites.s.checks.1.regexp'",
            "did you mean 'regex'?", id="unknown-check",
        ),
        pytest.param(
            "  alpha: 0.05", "  zzz: 1", "f.yaml:10: unknown key 'policy.zzz'",
            "known here: alpha, author_recordings, baseline_max_age_days, exact, inconclusive, "
            "metrics, scope, segments, strict, trust",
            id="unknown-key-like-no-other",
        ),
        pytest.param(
            "    prompt: p.yml\n", "", "f.yaml:4: suites.s: key 'prompt' is missing",
            "add 'prompt': …", id="missing-key",
        ),
        pytest.param(
            "    owner: o\n", "", "f.yaml:12: waivers.0: key 'owner' is missing",
            "add 'owner': …", id="a-waiver-nobody-answers-for",
        ),
        pytest.param(
            "version: 1", "version: 2", "f.yaml:1: version: 2 must be 1", "", id="other-version",
        ),
        pytest.param(
            "json: true", "json: yes", "f.yaml:7: suites.s.checks.0.json: 'yes' must be of type",
            "", id="wrong-type",
        ),
        pytest.param(
            "alpha: 0.05", "alpha: 0.7", "f.yaml:10: policy.alpha: 0.7 must be at most 0.5", "",
            id="too-much",
        ),
        pytest.param(
            "json: true", "json: true\n        refusal: true",
            "f.yaml:7: suites.s.checks.0: {'json': True, 'refusal': True} holds more than one",
            "", id="two-checks-in-one",
        ),
        pytest.param(
            "2026-12-31", "soon", "f.yaml:15: waivers.0.expires: 'soon' is no date",
            "write it as 2026-12-31", id="no-date",
        ),
        pytest.param(
            "suites:\n  s:", "suites:\n  S s:", "f.yaml:3: suites: 'S s' does not match", "",
            id="a-suites-name-is-a-file-name",
        ),
    ],
)  # fmt: skip
def test_one_error_names_file_line_and_key(old: str, new: str, says: str, fix: str) -> None:
    assert CONFIG.count(old) == 1
    error = error_of(CONFIG.replace(old, new))
    assert str(error).startswith(says)
    assert error.fix == fix


@pytest.mark.parametrize("text", ["", "[]", "5", "text"])
def test_a_file_that_is_no_mapping_is_refused(text: str) -> None:
    assert str(error_of(text)).startswith("f.yaml:1: ")
    assert "must be of type object" in str(error_of(text))


def test_a_prompts_role_is_one_of_four() -> None:
    error = error_of(PROMPT.replace("role: user", "role: tool"), "prompt")
    assert str(error) == (
        "f.yaml:4: messages.0.role: 'tool' is none of system, developer, user, assistant"
    )


def test_a_long_value_is_shown_short() -> None:
    error = error_of(CONFIG.replace("version: 1", f"version: {'x' * 500}"))
    assert len(str(error)) < 120


def test_every_schema_refuses_what_it_does_not_know() -> None:
    assert {SCHEMAS[name]["additionalProperties"] for name in SCHEMAS} == {False}
