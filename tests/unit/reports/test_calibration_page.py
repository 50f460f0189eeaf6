"""The page of a calibration: what it says, and that no name in it acts. Charts have their own."""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from functools import cache
from hashlib import sha256

import pytest
from attacks import ATTACKS, MARK
from browser.page_reader import Page
from unit.reports.calibrations import (
    calibration,
    fitted,
    hostile,
    labels,
    refused,
    review,
)

from gate.core.clustered import Measure
from gate.reports.calibration_page import render


def page_of(**keys):
    return Page(render(calibration(**keys)))


def rows_of(page, start):
    return [each.text for each in page.all("tr") if each.text.startswith(start)]


def test_its_policy_lets_its_own_style_in_and_nothing_else():
    page = page_of()
    digest = b64encode(sha256("".join(page.one("style").parts).encode()).digest()).decode()
    (meta,) = [each for each in page.all("meta") if "http-equiv" in each.attributes]
    assert meta.attributes["content"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert page.elements.index(meta) < page.elements.index(page.one("style"))


def test_it_has_no_script_and_nothing_in_it_leaves_it():
    page = page_of()
    tags = {each.tag for each in page.elements}
    assert tags.isdisjoint({"script", "a", "img", "link", "iframe", "form", "object", "base"})
    for element in page.elements:
        for attribute, value in element.attributes.items():
            assert not attribute.startswith("on")
            assert attribute not in {"style", "src", "href", "action", "xlink:href"}
            assert "http" not in value or attribute == "http-equiv"
    assert "url(" not in page.source
    assert "@import" not in page.source


@cache
def tags_of(text):
    return Counter(each.tag for each in Page(render(hostile(text))).elements)


def acts(char):
    return char != "\n" and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co"}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in ATTACKS.items()])
def test_a_text_is_never_a_part_of_the_page(text):
    page = Page(render(hostile(text)))
    assert Counter(each.tag for each in page.elements) == tags_of("plain")
    assert MARK in page.body_text
    assert MARK in page.one("header").text
    assert not any(map(acts, set(page.source)))
    assert "\n" not in page.all("title")[0].text
    assert len(page.source.encode()) < 1_000_000


NAMES = ("a=<script>alert(1)</script>", "a=</svg></table><b>", "a=\u202egpj.exe\u2066")


def test_segments_with_hostile_names_are_fitted_and_told_like_others():
    page = page_of(fitted=fitted(NAMES), review=review(NAMES))
    assert not page.all("script")
    told = page.one("main").text
    assert "a=<script>alert(1)</script>" in told
    assert "a=</svg></table><b>" in told
    assert r"a=\u202egpj.exe\u2066" in told
    assert not any(map(acts, set(page.source)))
    assert len(page.all("figure")) == len(page_of().all("figure"))


def test_the_verdict_and_how_far_it_is_off_come_first():
    page = page_of()
    pooled = fitted().pooled
    assert page.all("title")[0].text == "gate calibrate: CALIBRATED \u2013 triage"
    assert page.one("header").attributes["class"] == "verdict pass"
    assert page.one("h1").text == (
        f"CALIBRATED suite triage: on labels that it did not see, AUC {pooled.auc.value:.3f}, "
        f"Brier score {pooled.brier.value:.4f} against "
        f"{pooled.brier.value + pooled.gain.value:.4f} by the base rate"
    )
    told = page.one("header").text
    assert f"{pooled.ece.value * 100:.1f} points off on average (ECE)" in told
    assert "Of 3 segments, 1 is off by more than chance makes." in told
    assert "Written: baselines/triage.override.json" in told
    assert "labels in labels.jsonl; owner support-automation" in told


def test_a_refusal_says_why_and_every_further_reason_is_a_note():
    page = page_of(refusals=("it runs backwards", "it is a coin"), written="")
    assert page.one("h1").text == "REFUSED suite triage: it runs backwards"
    assert page.one("header").attributes["class"] == "verdict fail"
    assert "No proxy was written." in page.one("header").text
    notes = page.one("section", class_="notes").text
    assert notes == "Notes it is a coin 3 labels are older than the prompt"
    assert "REFUSED" in page_of(refusals=(), fitted=None).one("h1").text


def test_with_too_few_labels_there_is_nothing_but_the_labels():
    page = Page(render(refused()))
    assert page.one("h1").text == "REFUSED suite triage: 40 labels are too few; it takes 50"
    assert [each.text for each in page.all("h2")] == ["Labels"]
    assert not page.all("svg")
    assert not page.all("table")


def test_it_tells_what_the_labels_hold_and_leaves_out_what_is_nothing():
    told = page_of().one("main").text
    for words in (
        "labels 600", "accepted 310", "edited 190", "rejected 100", "reviewers named 2",
        "rows that stand there twice, counted once 4", "outputs that two or more decided 20",
        "outputs that one overrides and another accepts 3", "newest 2026-11-02T10:00:00Z",
        "reviewers with each other kappa 0.61 (0.40 to 0.82)", "Reviewers: ann, bob",
    ):  # fmt: skip
        assert words in told
    few = labels(duplicates=0, disagreements=0, reviewed_twice=0, reviewers=(), newest=None)
    told = page_of(labels=few, judge=None).one("main").text
    for words in ("twice", "decided", "overrides and", "newest", "eviewers"):
        assert words not in told


def test_many_reviewers_and_notes_are_counted():
    many = tuple(f"r{place}" for place in range(50))
    page = page_of(labels=labels(reviewers=many), notes=many + many)
    assert "r18, r19 and 30 more" in page.body_text
    assert "\u2026 50 more in calibration.json" in page.body_text


def test_the_reliability_table_has_a_row_for_each_bin():
    first = fitted().pooled.bins[0]
    low, high = first.interval
    rows = [each.text for each in page_of().all("tr")]
    assert (
        f"{first.predicted * 100:.1f} % {first.observed * 100:.1f} % "
        f"{low * 100:.1f} to {high * 100:.1f} % {first.rows}"
    ) in rows


def test_the_segment_table_marks_what_chance_does_not_explain():
    page = page_of()
    (row,) = rows_of(page, "channel=phone off 200")
    found = fitted().segments["channel=phone"]
    assert f"{found.ece.value:.3f} {found.ece.interval[0]:.3f} to" in row
    assert row.endswith(f" {found.ece_by_chance:.3f}")
    assert rows_of(page, "channel=chat 200")
    assert not rows_of(page, "channel=chat off")


def test_an_interval_of_one_cluster_is_not_a_number():
    good = fitted()
    endless = Measure(value=0.041, interval=(float("-inf"), float("inf")))
    lonely = replace(good.segments["channel=chat"], gain=endless, auc=None)
    whole = replace(good.pooled, auc=None)
    alone = replace(good, pooled=whole, segments={"channel=chat": lonely}, within=None)
    page = page_of(fitted=alone)
    assert "AUC unknown Brier score" in page.body_text
    (row,) = rows_of(page, "channel=chat 200")
    assert "+0.041 one cluster" in row
    assert " unknown " in row
    assert "inf" not in page.body_text


def test_without_segments_only_all_labels_are_told():
    page = page_of(fitted=replace(fitted(), segments={}))
    assert "No segment has the labels to be told by itself." in page.body_text
    assert "more than chance" not in page.one("header").text
    assert "AUC within segments" not in page.body_text
    assert rows_of(page, "all labels 600")


def test_of_very_many_segments_the_rest_is_counted():
    good = fitted()
    many = {f"s={place}": good.segments["channel=chat"] for place in range(300)}
    page = page_of(fitted=replace(good, segments=many))
    assert "200 more segments in calibration.json" in page.body_text
    assert len(rows_of(page, "s=")) == 100
    assert len(page.source) < 300_000


def test_headings_come_in_order():
    levels = [int(each.tag[1]) for each in page_of().elements if re.fullmatch("h[1-6]", each.tag)]
    assert levels == [1] + [2] * 7
