"""What the page of a calibration says of who decides: the threshold, and the judge."""

from __future__ import annotations

from dataclasses import replace

from browser.page_reader import Page
from unit.reports.calibrations import calibration, judge, labels, review

from gate.core.kappa import Agreement
from gate.reports.calibration_page import render


def page_of(**keys):
    return Page(render(calibration(**keys)))


def rows_of(page, start):
    return [each.text for each in page.all("tr") if each.text.startswith(start)]


def test_the_threshold_is_told_before_and_after():
    chosen = review(current=0.1)
    page = page_of(review=chosen)
    before, after = chosen.counted.before, chosen.counted.after
    current, tuned = rows_of(page, "all labels current") + rows_of(page, "all labels tuned")
    assert current.startswith(
        f"all labels current 0.1000 {before.false_positives} of {before.accepted} "
    )
    assert f" {before.misses} of {before.overridden} " in current
    assert tuned.startswith(
        f"all labels tuned {chosen.tuned.threshold:.4f} {after.false_positives} of "
    )
    own = chosen.tuned.segments["channel=email"]
    assert rows_of(page, f"channel=email tuned {own:.4f}")
    assert page.one("h2", id="review").text == "Review threshold adopted"
    assert "At most 5 % of the overridden outputs unseen, with 95 % confidence." in page.body_text
    assert f"Adopted: {chosen.reason}." in page.body_text


def test_without_a_threshold_to_promise_only_the_current_one_is_told():
    counted = replace(review().counted, after=None)
    none = replace(review(), tuned=None, counted=counted, segments={}, adopted=False, reason="few")
    page = page_of(review=none)
    assert [each[:18] for each in rows_of(page, "all labels")[1:]] == ["all labels current"]
    assert page.one("h2", id="review").text == "Review threshold not adopted"
    assert "Not adopted: few." in page.body_text


def test_the_judge_stands_beside_the_reviewers():
    page = page_of()
    assert page.one("h2", id="judge").text == "Judge openai/judge not alone"
    assert rows_of(page, "judge and reviewers") == [
        "judge and reviewers 0.52 (0.41 to 0.63) 76.0 % 600"
    ]
    assert rows_of(page, "reviewers with each other") == [
        "reviewers with each other 0.61 (0.40 to 0.82) 80.0 % 20"
    ]
    assert "channel=chat no kappa: only one decision was ever made 100.0 % 200" in page.body_text
    assert "It may not decide alone: the judge's kappa of 0.52 is below" in page.body_text
    # Of 60 pairs 30 and 20 have one winner in both orders; of the others the first always wins.
    assert "it says the same of 83 % of 60 pairs" in page.body_text
    assert "it prefers the first whatever the order 10 times, the second 0 times" in page.body_text
    assert "2 labels have no answer of the judge." in page.body_text


def test_a_judge_that_may_decide_alone_is_told_so():
    able = judge(alone="", bias=None, missing=0)
    alone = Agreement(kappa=None, interval=None, items=1, agreed=1.0)
    page = page_of(judge=replace(able, agreement=alone), labels=labels(agreement=None))
    assert page.one("h2", id="judge").text == "Judge openai/judge may decide alone"
    assert "It may decide alone" in page.body_text
    assert "Shown in both orders" not in page.body_text
    assert rows_of(page, "reviewers with") == [
        "reviewers with each other not known: no output was decided by two 0"
    ]
