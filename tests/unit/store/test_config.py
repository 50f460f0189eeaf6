from __future__ import annotations

import pytest

from gate.core.policy import Policy, Repeats, Tolerance, Waiver
from gate.errors import ConfigError
from gate.store.config import read_config
from gate.store.worktree import WorkTree

FULL = """\
version: 1
owner: support-automation
suites:
  triage:
    prompt: fixtures/triage.prompt.yml
    cases: fixtures/cases.jsonl
    repeats: {baseline: 4}
    checks:
      - json: true
      - schema: answer.schema.json
      - matches: {path: queue, expected: queue, ignore_order: true}
      - not_regex: '(?i)as an ai'
      - equals: NO
    override: {decision: [queue], proxy: baselines/triage.override.json}
    detect_refusals: false
    retired: true
policy:
  alpha: 0.01
  metrics:
    failure_rate: {max_rise: 0.02}
    cost: {max_ratio: 1.5}
  segments: {by: [channel, [channel, language]], max_rise: 0.1}
  inconclusive: fail
  baseline_max_age_days: 30
  trust: head
  exact: true
  strict: true
  scope: population
waivers:
  - {finding: cost-rise, segment: channel=email, owner: me, reason: why, expires: 2027-01-01}
"""


@pytest.fixture
def tree(tmp_path) -> WorkTree:
    (tmp_path / "answer.schema.json").write_text('{"type": "object"}')
    return WorkTree(tmp_path)


def read(tree: WorkTree, text: str):
    (tree.root / "gate.yaml").write_text(text)
    return read_config(tree)


def test_everything_that_gate_yaml_can_say_is_read(tree: WorkTree) -> None:
    config = read(tree, FULL)
    assert (config.source, config.owner) == ("gate.yaml", "support-automation")
    suite = config.suites["triage"]
    assert suite.prompt == "fixtures/triage.prompt.yml"
    assert suite.cases == "fixtures/cases.jsonl"
    assert suite.repeats == Repeats(baseline=4)
    assert suite.proxy == "baselines/triage.override.json"
    assert suite.retired
    assert suite.rules.decision == ("queue",)
    assert not suite.rules.detect_refusals
    codes = [check.code for check in suite.rules.checks]
    assert codes == ["unparsable", "schema", "matches:queue", "not_regex", "equals"]
    assert suite.rules.checks[1].value == {"type": "object"}
    assert suite.rules.checks[4].value == "NO"
    assert config.policy == Policy(
        alpha=0.01,
        metrics={"failure_rate": Tolerance(max_rise=0.02), "cost": Tolerance(max_ratio=1.5)},
        segments_by=(("channel",), ("channel", "language")),
        segments_max_rise=0.1,
        inconclusive="fail",
        baseline_max_age_days=30,
        trust="head",
        exact=True,
        strict=True,
        scope="population",
    )
    assert config.waivers == (
        Waiver(
            finding="cost-rise",
            segment="channel=email",
            owner="me",
            reason="why",
            expires="2027-01-01",
        ),
    )


def test_what_is_not_said_has_its_documented_default(tree: WorkTree) -> None:
    config = read(tree, "version: 1\nsuites:\n  s: {prompt: p.yml}\n")
    assert config.policy == Policy()
    assert (config.policy.alpha, config.policy.inconclusive, config.policy.trust) == (
        0.05,
        "pass",
        "base",
    )
    suite = config.suites["s"]
    assert (suite.repeats.baseline, suite.repeats.new) == (10, 3)
    assert (suite.cases, suite.rules.checks, suite.retired) == (None, (), False)
    assert suite.rules.detect_refusals


SUITE = "version: 1\nsuites:\n  s:\n    prompt: p.yml\n    checks:\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param(
            f"{SUITE}      - regex: '('\n", "gate.yaml:6: regex: not a regular", id="regex"
        ),
        pytest.param(
            f"{SUITE}      - schema: none.json\n", "gate.yaml:6: none.json: no such", id="schema"
        ),
        pytest.param(
            f"{SUITE}      - schema: broken.json\n", "broken.json: not JSON", id="schema-no-json"
        ),
        pytest.param(
            f"{SUITE}      - schema: wrong.json\n",
            "gate.yaml:6: wrong.json: not a JSON Schema",
            id="no-schema",
        ),
        pytest.param(
            "version: 1\nsuites:\n  s:\n    prompt: p.yml\n    override:\n      proxy: ../x\n",
            "gate.yaml:6: ../x: the path leads out",
            id="proxy-out-of-the-root",
        ),
        pytest.param(
            "version: 1\nsuites:\n  s: {prompt: p.yml, cases: '../**/*.jsonl'}\n",
            "gate.yaml:3: ../**/*.jsonl: the path leads out",
            id="glob-out-of-the-root",
        ),
    ],
)
def test_what_a_suite_names_must_be_usable(tree: WorkTree, text: str, says: str) -> None:
    (tree.root / "broken.json").write_text("{")
    (tree.root / "wrong.json").write_text('{"type": "nothing"}')
    with pytest.raises(ConfigError) as caught:
        read(tree, text)
    assert says in str(caught.value)


def test_a_missing_gate_yaml_is_named(tree: WorkTree) -> None:
    with pytest.raises(ConfigError, match=r"gate.yaml: no such file"):
        read_config(tree)
