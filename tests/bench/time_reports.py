"""Time the reports of a run of 5,000 changed cases: all formats, each time in a fresh process.

    python tests/bench/time_reports.py [--runs N] [--cases N] [--words N] [--keep DIR]

Every case changed and has ten old trials with four different outputs and three new ones with three.
`gate report` reads the stored report, checks it, and writes all files. Where a browser is found
(`chromium`), the page is opened in it as well.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median

import click

from gate.core.model import Case
from gate.core.report import (
    Answer,
    Calls,
    CaseChange,
    FieldChange,
    Finding,
    LookTaken,
    Outcome,
    PromptSeen,
    Report,
    SuiteReport,
    Verdict,
)
from gate.reports.formats import FORMATS, render

CASES, WORDS = 5000, 60
REACH_S, REACH_MB, INTERACTIVE_S = 2.0, 8.0, 1.0
CHANNELS = ("email", "chat", "phone")
# The page allows no `eval`, so it is asked by selectors alone.
FILLED = "#cases-table tbody tr >> nth=9"
FOUND = "#count:has-text('1 of')"


class Draw:
    """Draws cases whose outputs are JSON with a queue and a reply."""

    def __init__(self, words: int) -> None:
        self._random = Random(1)  # noqa: S311 -- a bench, no secret
        self._vocabulary = [f"word{number}" for number in range(2000)]
        self._words = words

    def reply(self) -> str:
        return " ".join(self._random.choices(self._vocabulary, k=self._words))

    def output(self) -> str:
        return json.dumps(
            {"queue": self._random.choice(("billing", "other")), "reply": self.reply()}
        )

    def case(self, number: int) -> CaseChange:
        old, new = [self.output() for _ in range(4)], [self.output() for _ in range(3)]
        return CaseChange(
            case=Case(
                case_id=f"t-{number:06}",
                input={"body": self.reply()},
                expected={"queue": "billing"},
                segment={"channel": CHANNELS[number % 3], "language": ("de", "en")[number % 2]},
                path="fixtures/triage/cases.jsonl",
                line=number + 1,
            ),
            outcome=(Outcome.REGRESSED, Outcome.FIXED, Outcome.FLAKY)[number % 3],
            old_trials=10,
            new_trials=3,
            old_failures=1,
            new_failures=3,
            failure_code=("matches:queue", "schema", "truncated")[number % 3],
            old_output=old[0],
            new_output=new[0],
            diff=(FieldChange(path="reply", old=self.reply(), new=self.reply()),),
            old_answers=tuple(
                Answer(text=text, trials=trials, override=0.1)
                for text, trials in zip(old, (4, 3, 2, 1), strict=True)
            ),
            new_answers=tuple(
                Answer(text=text, trials=1, failure_code="schema", override=0.9) for text in new
            ),
        )


def finding(segment: str | None, verdict: Verdict) -> Finding:
    return Finding(
        id="failure-rate-rise", metric="failure_rate", segment=segment, old=0.031, new=0.092,
        change=0.061, interval=(0.038, 0.084), p_value=0.0001, limit=0.01, unit="rate", n=CASES,
        detectable=0.021, provable=0.033, trials_needed=None, alpha=0.01, verdict=verdict,
        bounds=(-0.01, 0.03), p_adjusted=0.001 if segment else None,
    )  # fmt: skip


def stored(cases: int, words: int) -> Report:
    draw = Draw(words)
    segments = [finding(f"channel={channel}", Verdict.FAIL) for channel in CHANNELS]
    findings = (finding(None, Verdict.FAIL), *segments)
    looks = tuple(
        LookTaken(
            trials_old=cases * 10,
            trials_new=cases * 3 * look // 8,
            findings=tuple(replace(each, verdict=Verdict.INCONCLUSIVE) for each in findings),
        )
        for look in range(1, 9)
    )
    suite = SuiteReport(
        suite="triage",
        verdict=Verdict.FAIL,
        cases=cases,
        trials_old=cases * 10,
        trials_new=cases * 3,
        prompt_old=PromptSeen(fingerprint="f0", model="openai/m"),
        prompt_new=PromptSeen(fingerprint="f1", model="openai/m"),
        findings=findings,
        failure_codes_old={"schema": cases},
        failure_codes_new={"schema": cases, "truncated": cases, "matches:queue": cases},
        cases_changed=tuple(map(draw.case, range(cases))),
        calls=Calls(new_live=cases * 3, recorded=cases * 10),
        looks=looks,
    )
    return Report(
        verdict=Verdict.FAIL, exit_code=1, owner="o", policy_source="gate.yaml", alpha=0.05,
        suites=(suite,),
    )  # fmt: skip


def whole(path: Path, folder: Path) -> float:
    """Write every file in a process of its own, and return the seconds that it took."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "gate", "report", str(path), "--output", str(folder)],
        stdout=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode != 1:
        raise SystemExit(f"gate report ended with {done.returncode}")
    return time.perf_counter() - started


def in_browser(page_path: Path, chromium: str, cases: int) -> tuple[float, float]:
    """Return the seconds until the table is filled, and from a filter to its rows."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        started = time.perf_counter()
        page.goto(page_path.as_uri())
        page.wait_for_selector(FILLED)
        filled = time.perf_counter() - started
        started = time.perf_counter()
        page.fill("input[type=search]", f"t-{cases - 1:06}")
        page.wait_for_selector(FOUND)
        filtered = time.perf_counter() - started
        browser.close()
    return filled, filtered


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--words", type=int, default=WORDS)
    parser.add_argument("--keep", type=Path, help="Leave the files in this folder.")
    asked = parser.parse_args()
    report = stored(asked.cases, asked.words)
    with nullcontext(asked.keep) if asked.keep else tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.mkdir(exist_ok=True)
        path = folder / "stored.json"
        path.write_text(render(report, "json"), encoding="utf-8")
        click.echo(f"{asked.cases} changed cases, {path.stat().st_size / 1e6:.1f} MB of JSON")
        for kind, each in FORMATS.items():
            started = time.perf_counter()
            text = render(report, kind)
            seconds = time.perf_counter() - started
            size = len(text.encode()) / 1e6
            click.echo(f"{kind:9} {seconds:6.2f} s {size:7.2f} MB  {each.file_name or ''}")
        seconds = median(whole(path, folder / "reports") for _ in range(asked.runs))
        click.echo(f"all, as a process: {seconds:.2f} s (reach {REACH_S} s)")
        page = folder / "reports" / "report.html"
        click.echo(f"report.html: {page.stat().st_size / 1e6:.2f} MB (reach {REACH_MB} MB)")
        chromium = shutil.which("chromium")
        if chromium:
            filled, filtered = in_browser(page, chromium, asked.cases)
            click.echo(
                f"interactive after {filled:.2f} s (reach {INTERACTIVE_S} s), "
                f"a search takes {filtered:.2f} s"
            )


if __name__ == "__main__":
    main()
