"""Small values for the tests of the core, with only what a test is about left to say."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np

from gate.core.checks import parse_check, run_check
from gate.core.estimate import Estimate, Measured
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


def trial(text="ok", *, source="live", repeat=0, **more):
    """One trial; a text of None is a missing one."""
    answer = None if text is None else response(text, **more)
    return Trial(case_id="c", repeat=repeat, source=source, response=answer)


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


def scored(old=".", new=".", *, case_id="c", segment=None, cluster=None, added=False, **more):
    """A scored case from marks, `scored("..x", "xxx")`; `added` is known to the head only."""
    return ScoredCase(
        case=case(case_id, segment=segment or {}, cluster=cluster, is_new=added),
        old=tuple(map(score, old)),
        new=tuple(map(score, new)),
        **more,
    )


def rows(count, old=".", new=".", **more):
    """As many scored cases of the same marks, each of a name of its own."""
    return [scored(old, new, **{"case_id": f"{old}{new}{n}", **more}) for n in range(count)]


def valued(field, pairs, **more):
    """One scored case a pair of lists, whose trials have these values of one field."""
    return [
        replace(
            scored(case_id=f"v{number}", **more),
            old=tuple(score(**{field: value}) for value in old),
            new=tuple(score(**{field: value}) for value in new),
        )
        for number, (old, new) in enumerate(pairs)
    ]


def long_form(pairs):
    """Case, side and value of each trial, from one pair of (old values, new values) a case."""
    trials = [
        (index, is_new, value)
        for index, pair in enumerate(pairs)
        for is_new, side in enumerate(pair)
        for value in side
    ]
    case_of, is_new, value = zip(*trials, strict=True)
    return np.array(case_of), np.array(is_new, dtype=bool), np.array(value, dtype=float)


def enumerated(pairs, *, mid_p=True, weights=None):
    """P-value of a rise, by going through every way to call some trials of each case new."""
    weights = weights or [1] * len(pairs)
    totals, observed = np.zeros(1), 0.0
    for (old, new), weight in zip(pairs, weights, strict=True):
        ways = itertools.combinations([*old, *new], len(new))
        sums = [weight * math.fsum(way) for way in ways]
        totals = np.add.outer(totals, sums).ravel()
        observed += weight * math.fsum(new)
    at = np.isclose(totals, observed, atol=1e-9)
    above = (totals > observed) & ~at
    return (above.sum() + (0.5 if mid_p else 1.0) * at.sum()) / len(totals)


def measured(*pairs, cluster=None, same=(), **more):
    """The trials of one metric, from one pair of (old values, new values) a case.

    `cluster` has one number a case, each its own by default; `same` holds indices of cases.
    """
    case_of, is_new, value = long_form(pairs)
    every = np.arange(len(pairs))
    return Measured(
        case=case_of,
        is_new=is_new,
        value=value,
        cluster=every if cluster is None else np.array(cluster),
        same=np.isin(every, same),
        **more,
    )


def given_estimate(*, change=0.0, variance=0.0, trials_new=1000, planned_new=None, p_value=0.5):
    """An estimate over as many cases as trials of each side."""
    return Estimate(
        old=0.1,
        new=0.1 + change,
        change=change,
        variance=variance,
        cases=trials_new,
        trials_old=trials_new,
        trials_new=trials_new,
        planned_new=trials_new if planned_new is None else planned_new,
        planned_cases=trials_new if planned_new is None else planned_new,
        p_value=p_value,
        plain_variance=variance,
        allowance=0.0,
    )


def policy(more=None, *, alpha=0.05, **limits):
    """A policy of these metrics alone: `failure_rate=0.01` is a rise, `cost=1.1` a ratio.

    `more` holds the policy's other fields.
    """
    metrics = {
        name: Tolerance(max_rise=limit) if name.endswith("rate") else Tolerance(max_ratio=limit)
        for name, limit in limits.items()
    }
    return Policy(alpha=alpha, metrics=metrics, **(more or {}))


def checked(text, name, operand, *, load_schema=None, **more):
    """The failure code of one check, written as in `gate.yaml`, on one output."""
    check = parse_check(name, operand, load_schema=load_schema)
    return run_check(check, Output(text), case(**more))
