"""Files of calibrated proxies, with only what a test is about left to say."""

from __future__ import annotations

from hypothesis import strategies as st

from gate.core.calibrated import CalibratedProxy, Curve
from gate.core.override_file import FittedOn, HeldOut, OverrideFile, ReviewRule
from gate.core.signals import NAMES


def override_file(**more):
    keys = {
        "suite": "s",
        "fitted_at": "2026-01-31T12:00:00Z",
        "fitted_on": FittedOn(
            labels=200, overridden=60, reviewers=2, newest="2026-01-30T09:00:00Z", digest="d1"
        ),
        "held_out": HeldOut(
            auc=0.8123,
            brier=0.15,
            brier_of_base_rate=0.21,
            ece=0.0312,
            worst_segment="tag=a",
            worst_ece=0.0712,
        ),
        "proxy": CalibratedProxy(
            intercept=-1.5,
            curves={
                "text": Curve(points=((0.0, 0.0), (0.25, 0.5), (1.0, 2.0))),
                "judge": Curve(points=((0.0, 0.0), (1.0, 3.0)), absent=0.75),
            },
            offsets={"tag=a": -0.25},
        ),
        "review": ReviewRule(
            max_miss=0.05, confidence=0.95, threshold=0.1234, segments={"tag=a": 0.05}
        ),
        "judge": "f1",
    }
    return OverrideFile(**{**keys, **more})


FILE = override_file()

_SHARE = st.integers(0, 10_000).map(lambda number: number / 10_000)
_ODDS = st.integers(-100_000, 100_000).map(lambda number: number / 10_000)
_TEXT = st.text(min_size=1, max_size=8)
_COUNT = st.integers(0, 10**9)


@st.composite
def _curves(draw):
    ends = sorted(draw(st.sets(_SHARE, min_size=2, max_size=5)))
    heights = sorted(draw(st.lists(_ODDS, min_size=len(ends), max_size=len(ends))))
    return Curve(points=tuple(zip(ends, heights, strict=True)), absent=draw(st.none() | _ODDS))


def files():
    """Any file whose numbers are rounded."""
    return st.builds(
        OverrideFile,
        suite=_TEXT,
        fitted_at=st.just("2026-01-31T12:00:00Z"),
        fitted_on=st.builds(
            FittedOn,
            labels=_COUNT,
            overridden=_COUNT,
            reviewers=_COUNT,
            newest=st.none() | _TEXT,
            digest=_TEXT,
        ),
        held_out=st.builds(
            HeldOut,
            auc=_SHARE,
            brier=_SHARE,
            brier_of_base_rate=_SHARE,
            ece=_SHARE,
            worst_segment=st.none() | _TEXT,
            worst_ece=st.none() | _SHARE,
        ),
        proxy=st.builds(
            CalibratedProxy,
            intercept=_ODDS,
            curves=st.dictionaries(st.sampled_from(NAMES), _curves(), max_size=3),
            offsets=st.dictionaries(_TEXT, _ODDS, max_size=3),
        ),
        review=st.none()
        | st.builds(
            ReviewRule,
            max_miss=st.floats(0.001, 0.5),
            confidence=st.floats(0.5, 0.999),
            threshold=_SHARE,
            segments=st.dictionaries(_TEXT, _SHARE, max_size=3),
        ),
        judge=st.none() | _TEXT,
    )
