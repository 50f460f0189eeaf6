"""The charts of the page: where their marks stand, and what they say in words."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from browser.page_reader import Page
from browser.reports_by_hand import finding, mixed_suite, report, suite

from gate.core.report import Report, Verdict
from gate.reports.formats import render
from gate.reports.page.scale import Scale, scale_over


def page_of(of: Report | None = None) -> Page:
    return Page(render(of or report(), "html"))


def test_a_finding_stands_beside_its_chart_in_words():
    rows = [each for each in page_of().all("tr") if "failures all cases" in each.text]
    assert rows[0].text == (
        "failures all cases 200 3.1 % 9.2 % +6.1 pp +3.8 pp to +8.4 pp +1.0 pp < 0.0001 fail"
    )


def test_the_forest_puts_each_value_where_it_belongs():
    # All cases: 0 to 10 points and an interval from -10 to 20; 5 % of 30 points stay free at
    # both ends, so the axis goes from -11.5 to 21.5 points.
    seen = finding(change=0.1, interval=(-0.1, 0.2), limit=0.05, old=0.1, new=0.2)
    page = page_of(report(suite(findings=(seen,), looks=())))
    (chart,) = page.all("svg", class_="plot fail", role="img")
    assert chart.attributes["aria-label"] == (
        "+10.0 pp, interval -10.0 pp to +20.0 pp, limit +5.0 pp"
    )
    span = page.one("line", class_="span").attributes
    assert (span["x1"], span["x2"]) == ("4.55%", "95.45%")
    assert page.one("line", class_="limit").attributes["x1"] == "50.0%"
    assert page.one("svg", class_="dot").attributes["x"] == "65.15%"
    assert page.one("line", class_="zero").attributes["x1"] == "34.85%"


def test_rates_and_ratios_have_axes_of_their_own():
    captions = [each.text for each in page_of().all("caption")]
    assert captions[0].startswith("Change in percentage points")
    assert any(each.startswith("Change in per cent") for each in captions)


def test_what_fails_comes_before_other_segments_and_the_rest_is_counted():
    quiet = [
        finding(segment=f"s={place}", verdict=Verdict.PASS, p_value=0.5, change=0.0)
        for place in range(50)
    ]
    loud = finding(segment="s=bad")
    page = page_of(report(suite(findings=(*quiet, loud, finding()), looks=())))
    rows = [each.text for each in page.all("tr") if each.text.startswith("failures")]
    assert rows[0].startswith("failures all cases")
    assert rows[1].startswith("failures s=bad")
    assert len(rows) == 40
    assert "38 findings of other segments" in page.body_text
    assert "12 more findings in report.json" in page.body_text


def test_a_latency_without_an_interval_is_a_dot():
    seen = finding(
        id="latency-p95-rise", metric="latency_p95", unit="ms", old=800.0, new=1000.0, change=0.25,
        interval=None, bounds=None, limit=1.25, quantile=0.95,
    )  # fmt: skip
    page = page_of(report(suite(findings=(seen,), looks=())))
    assert not page.all("line", class_="span")
    assert "latency p95 all cases 200 800 ms 1000 ms +25.0 % +25 %" in page.body_text


def test_failure_codes_are_shares_of_the_trials_of_their_side():
    page = page_of()
    schema, truncated = [
        each.text for each in page.all("tr") if re.match("(schema|truncated) ", each.text)
    ]
    assert schema == "schema 12 of 2000 (0.6 %) 51 of 600 (8.5 %)"
    assert truncated == "truncated 0 of 2000 (0.0 %) 4 of 600 (0.7 %)"
    old, new, *_ = [each for each in page.all("rect") if each.attributes.get("height") == "10"]
    assert old.attributes["width"] == "7.06%"  # 0.6 of 8.5
    assert new.attributes["width"] == "100.0%"


def test_segments_are_pairs_of_dots_the_worst_first():
    page = page_of()
    rows = [each.text for each in page.all("tr") if re.match(r"channel=\w+ .*200", each.text)]
    assert rows == ["channel=email fail 200 5.0 % 15.0 %", "channel=chat 200 2.0 % 1.0 %"]
    assert len(page.all("circle", class_="was")) == 2


def test_looks_tell_what_each_saw():
    page = page_of()
    assert "The run stopped early, at look 3, with 1800 old and 600 new trials." in page.body_text
    told = [each.text for each in page.all("li") if each.text.startswith("look")]
    assert told[0] == ("look 1, 200 new trials: +2.0 pp, interval -2.0 pp to +6.0 pp; fail")
    assert len(told) == 3
    assert len(page.all("rect", class_="fails")) == 3


def test_one_look_is_no_path():
    only = suite(looks=mixed_suite().looks[:1])
    assert "Look by look" not in page_of(report(only)).body_text


def test_a_metric_that_one_look_did_not_see_is_absent_there():
    looks = mixed_suite().looks
    late = finding(segment="channel=email")
    last = replace(looks[2], findings=(*looks[2].findings, late))
    page = page_of(report(suite(looks=(*looks[:2], last))))
    assert len(page.all("figure")) == 2
    assert len(page.all("line", class_="way")) == 2  # of the first; the second is one dot
    assert len(page.all("circle", class_="decides")) == 2


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        pytest.param(-0.1, 0.3, ["-10", "0", "+10", "+20", "+30"], id="points"),
        pytest.param(-0.004, 0.011, ["0", "+0.5", "+1.0"], id="tenths"),
        pytest.param(-1.0, 9.0, ["0", "+200", "+400", "+600", "+800"], id="hundreds"),
    ],
)
def test_ticks_are_round_values(low, high, labels):
    told = [tick.label for tick in Scale(low=low, high=high).ticks(is_signed=True)]
    assert set(labels) <= set(told)
    assert len(told) <= 9


def test_a_wide_interval_is_cut_where_the_values_would_stand_in_a_heap():
    scale = scale_over([0.1], [-50.0, 50.0])
    assert (round(scale.low, 3), round(scale.high, 3)) == (-0.115, 0.215)
    assert scale.at(-50.0) == 0
    assert scale.at(0.1) == pytest.approx(65.15)


def test_no_value_is_too_large_for_an_axis():
    scale = scale_over([float("inf"), 0.1], [float("nan")])
    assert 0 <= scale.at(float("inf")) <= 100
