"""Judges for the tests, with only what a test is about left to say."""

from __future__ import annotations

from unit.core.builders import prompt

from gate.core.judge import JudgeRules, make_judge

ANSWERS = {"accept": 0.0, "edit": 0.7, "reject": 1.0}


def answered(*enums, **more):
    """A JSON Schema whose properties are enumerated."""
    properties = {f"answer{number or ''}": {"enum": enum} for number, enum in enumerate(enums)}
    return {"name": "answer", "schema": {"type": "object", "properties": {**properties, **more}}}


def judge(content="Keep it? {{output}}", answers=None, **more):
    known = ANSWERS if answers is None else answers
    rules = JudgeRules(prompt="judge.prompt.yml", answers=known)
    return make_judge(prompt(content, path="judge.prompt.yml", **more), rules)


def comparing(content="{{first}} or {{second}}?", **more):
    return judge(content, answers={}, **more)
