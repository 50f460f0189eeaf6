"""Recorded and live answers for the tests of audits."""

from __future__ import annotations

from gate.core.audited import AuditCase, AuditTrial


def trials(marks, text="same", **more):
    """`.` is a usable answer, `x` a failed one."""
    return tuple(
        AuditTrial(text=text, failure_code="regex" if mark == "x" else None, **more)
        for mark in marks
    )


def one_case(recorded, live, case_id="c", **more):
    return AuditCase(case_id=case_id, recorded=recorded, live=live, **more)


def texts(recorded, live):
    return one_case(*(tuple(AuditTrial(text=text) for text in side) for side in (recorded, live)))


def costs(recorded, live):
    return one_case(
        *(
            tuple(AuditTrial(text="same", input_tokens=0, output_tokens=count) for count in side)
            for side in (recorded, live)
        )
    )


def value_test(found, metric):
    (test,) = [each for each in found.tests if each.metric == metric]
    return test
