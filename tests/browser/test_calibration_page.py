"""The page of a calibration in a real browser: quiet, and readable on a phone and at night."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from unit.reports.calibrations import calibration, hostile, review

from gate.reports.calibration_page import render

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

LONG = "</svg><script>window.zqmark=1</script>\u202eaverylongnamewithoutaspace" * 5
# Marks and words of charts that stand beyond the edge of the page, or words that lie on others.
BEYOND = """
() => [...document.querySelectorAll("svg *")]
  .filter((e) => !["title", "svg"].includes(e.tagName))
  .filter((e) => e.getBoundingClientRect().right > innerWidth + 0.5
    || e.getBoundingClientRect().left < -0.5)
  .map((e) => e.outerHTML)
"""
OVERLAPPING = """
() => [...document.querySelectorAll("svg")].flatMap((svg) => {
  const boxes = [...svg.querySelectorAll("text")].map((e) => [e, e.getBoundingClientRect()])
    .filter(([, box]) => box.width);
  return boxes.flatMap(([e, a], at) => boxes.slice(at + 1)
    .filter(([, b]) => a.left < b.right && b.left < a.right && a.top < b.bottom - 1
      && b.top < a.bottom - 1)
    .map(([other]) => `${e.textContent} on ${other.textContent}`));
})
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize(
    "report",
    [
        pytest.param(lambda: calibration(review=review(current=0.2)), id="plain"),
        pytest.param(lambda: hostile(LONG), id="hostile"),
    ],
)
def test_it_is_quiet_asks_for_nothing_and_fits(
    browser: Browser, tmp_path: Path, report, width, scheme
):
    path = tmp_path / "calibration.html"
    path.write_text(render(report()), encoding="utf-8")
    tab = browser.new_page(viewport={"width": width, "height": 740}, color_scheme=scheme)
    troubles: list[str] = []
    requests: list[str] = []
    tab.on("console", lambda message: troubles.append(message.text))
    tab.on("pageerror", lambda error: troubles.append(str(error)))
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(path.as_uri())
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.evaluate(BEYOND) == []
    assert tab.evaluate(OVERLAPPING) == []
    assert tab.evaluate("typeof window.zqmark") == "undefined"
    assert tab.locator("figure svg").first.bounding_box()["height"] > 150
    ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 21, 26)"}[scheme]
    tab.close()
    assert troubles == []
    assert requests == [path.as_uri()]
