"""Which rules of a change are named as edited, and in which order."""

from __future__ import annotations

from dataclasses import replace

from gate.core.config import Config, Suite
from gate.flow.edited_rules import edited_rules

NAMES = ("mail", "chat", "bills", "leads", "spam", "calls", "tickets", "forms")


def test_edited_rules_are_told_in_the_order_of_gate_yaml() -> None:
    suites = {name: Suite(name=name, prompt="p.yml") for name in NAMES}
    base = Config(source="gate.yaml", suites=suites)
    retired = {name: replace(suites[name], retired=True) for name in reversed(NAMES)}
    head = replace(base, suites=retired)
    assert edited_rules(base, head) == [
        f"retired of suite {name} edited in this change; not used for this verdict"
        for name in NAMES
    ]


def test_a_suite_that_only_one_side_has_is_no_edited_rule() -> None:
    suites = {name: Suite(name=name, prompt="p.yml", retired=name == "mail") for name in NAMES[:3]}
    base = Config(source="gate.yaml", suites={name: suites[name] for name in ("mail", "chat")})
    head = Config(source="gate.yaml", suites={name: suites[name] for name in ("chat", "bills")})
    assert edited_rules(base, head) == []
