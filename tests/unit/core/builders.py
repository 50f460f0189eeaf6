"""Small values for the tests of the core, with only what a test is about left to say."""

from __future__ import annotations

from gate.core.checks import parse_check, run_check
from gate.core.model import Case, Message, Prompt, Response, Trial
from gate.core.output import Output
from gate.core.policy import Policy, Tolerance
from gate.core.score import Score, ScoredCase


def case(case_id="c", **more):
    return Case(**{"case_id": case_id, "input": {"name": "Ada"}, **more})


def prompt(content="{{name}}", **more):
    keys = {
        "path": "p.prompt.yml",
        "name": "p",
        "model": "openai/m",
        "parameters": {},
        "messages": (Message(role="user", content=content),),
    }
    return Prompt(**{**keys, **more})


def response(text="ok", **more):
    return Response(**{"text": text, "finish_reason": "stop", "latency_ms": 5.0, **more})


def trial(text="ok", *, source="live", **more):
    """One trial; a text of None is a missing one."""
    answer = None if text is None else response(text, **more)
    return Trial(case_id="c", repeat=0, source=source, response=answer)


def score(mark=".", **more):
    """`.` is a usable output, `x` a failed one; any other mark is the failure code itself."""
    code = {".": None, "x": "check"}.get(mark, mark)
    keys = {
        "failure_code": code,
        "override": float(code is not None),
        "cost_usd": None,
        "tokens": None,
        "latency_ms": None,
        "text": mark,
    }
    return Score(**{**keys, **more})


def scored(old=".", new=".", *, case_id="c", segment=None, **more):
    """A scored case from marks, `scored("..x", "xxx")`."""
    return ScoredCase(
        case=case(case_id, segment=segment or {}),
        old=tuple(map(score, old)),
        new=tuple(map(score, new)),
        **more,
    )


def measured(field, pairs):
    """One scored case a pair of lists, whose trials have these values of one field."""
    return [
        ScoredCase(
            case=case(f"c{number}"),
            old=tuple(score(**{field: value}) for value in old),
            new=tuple(score(**{field: value}) for value in new),
        )
        for number, (old, new) in enumerate(pairs)
    ]


def policy(alpha=0.05, **limits):
    """A policy of these metrics alone: `failure_rate=0.01` is a rise, `cost=1.1` a ratio."""
    metrics = {
        name: Tolerance(max_rise=limit) if name.endswith("rate") else Tolerance(max_ratio=limit)
        for name, limit in limits.items()
    }
    return Policy(alpha=alpha, metrics=metrics)


def checked(text, name, operand, *, load_schema=None, **more):
    """The failure code of one check, written as in `gate.yaml`, on one output."""
    check = parse_check(name, operand, load_schema=load_schema)
    return run_check(check, Output(text), case(**more))
