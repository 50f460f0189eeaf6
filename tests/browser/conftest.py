"""One browser for all tests, and pages in it that must stay quiet."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright

from gate.reports.formats import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

    from gate.core.report import Report


# Playwright keeps an event loop running while it is open, and no other test could start one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    # Under CI a missing browser is an error: a test that is skipped there tests nothing, ever.
    if chromium is None and os.environ.get("CI") != "true":
        pytest.skip("no chromium here")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Tab]]:
    """Open a report's page; at the end, nothing has complained and nothing has left the page."""
    troubles: list[str] = []
    requests: list[str] = []
    tabs: list[Tab] = []
    path = tmp_path / "report.html"

    def opened(report: Report, *, address: str = "", **keys: Any) -> Tab:
        path.write_text(render(report, "html"), encoding="utf-8")
        tab = browser.new_page(**keys)
        tabs.append(tab)
        tab.set_default_timeout(15_000)
        tab.on("console", lambda message: troubles.append(message.text))
        tab.on("pageerror", lambda error: troubles.append(str(error)))
        tab.on("request", lambda request: requests.append(request.url))
        tab.goto(f"{path.as_uri()}{address}")
        if keys.get("java_script_enabled", True):
            tab.wait_for_selector("html[data-ready=yes]")
        return tab

    yield opened
    for tab in tabs:
        tab.close()
    assert troubles == []
    assert {url.partition("#")[0] for url in requests} == {path.as_uri()}
