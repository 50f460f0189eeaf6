"""A report as the comment on a pull request: what it says, and bringing it there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.core.ending import blind
from gate.core.report import Verdict
from gate.errors import IncompleteError
from gate.github.addresses import is_plain
from gate.github.comments import Done, marker, upsert
from gate.github.pulls import head_now
from gate.reports.formats import render
from gate.reports.medium import Medium
from gate.reports.safe_text import code_span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.core.report import Report
    from gate.core.secrets import Secrets
    from gate.github.api import GitHubApi
    from gate.github.event import WorkflowRun

AUTO, ALWAYS = "auto", "always"
NOTHING = "none: nothing to say"
_SHOWN = 12  # characters of a commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """What a comment says."""

    report: Report
    link: str  # to the run that judged; an address that can be nothing else
    before: str = ""  # markdown that stands before the report
    is_news: bool = True  # worth a comment where there is none yet

    def text(self, key: str) -> str:
        """Return it as markdown that fits into the comment of a key."""
        before = f"{self.before}\n\n" if self.before else ""
        taken = len(marker(key)) + len(before)
        return before + render(self.report, "markdown", Medium(link=self.link, taken=taken))


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where comments are written."""

    api: GitHubApi
    repository: str
    when: str  # AUTO: no new comment for a pass; an old one turns green all the same
    secrets: Secrets

    async def bring(self, number: int, key: str, saying: Saying, *, head: str = "") -> str:
        """Bring the comment of a key on a pull request to what is to be said.

        Args:
            number: Of the pull request.
            key: Of the comment.
            saying: What it says.
            head: The commit that it is about, where an older run may end after a newer one.

        Returns:
            One line that tells what was done.

        Raises:
            UsageError: The key is none.
            IncompleteError: It could not be done, or would tell a secret to everybody.
        """
        text = saying.text(key)
        variable = self.secrets.found_in(text)
        if variable:
            raise IncompleteError(
                f"the report holds the value of {variable}, so it is not written as a comment"
            )
        if head and head != await head_now(self.api, repository=self.repository, number=number):
            return f"none: the pull request has moved on from {head[:_SHOWN]}"
        posted = await upsert(
            self.api,
            repository=self.repository,
            number=number,
            key=key,
            text=text,
            create=saying.is_news
            and (self.when == ALWAYS or saying.report.verdict is not Verdict.PASS),
        )
        if posted.done is Done.NONE:
            return NOTHING
        is_shown = is_plain(posted.url) and not self.secrets.found_in(posted.url)
        return f"comment {posted.done.value}{f': {posted.url}' if is_shown else ''}"


def for_commit(commit: str) -> str:
    """Return the line that tells which commit a comment is about: an older one stays on show."""
    return f"For {code_span(commit[:_SHOWN])}:"


def of_run(report: Report, run: WorkflowRun, reports: Sequence[Report]) -> Saying:
    """Say what another run reported, and whose word that is.

    Args:
        report: One of those that the run left.
        run: As GitHub tells it, so its conclusion is no claim of the author's.
        reports: All that the run left and that could be read.
    """
    said = _contradiction(report, run, reports)
    if not said:
        return Saying(report=report, link=run.url, before=_first_line(run))
    is_green = not report.exit_code
    return Saying(
        # No green headline over a run that failed.
        report=blind(said) if is_green else report,
        link=run.url,
        before=f"{_first_line(run)}\n\n⚠️ {said[0].upper()}{said[1:]}.",
        # That another part of it failed is told by that part.
        is_news=not (is_green and any(each.exit_code for each in reports)),
    )


def unread(why: str, run: WorkflowRun, *, is_news: bool = True) -> Saying:
    """Say that the report of another run cannot be read; what was said before it is over."""
    return Saying(report=blind(why), link=run.url, before=_first_line(run), is_news=is_news)


def _first_line(run: WorkflowRun) -> str:
    return (
        f"This is what [the run of this pull request]({run.url}) at "
        f"{code_span(run.head_sha[:_SHOWN])} reported. The author of a pull request can change "
        "what its run says, so look at what it changes under `.github`, too."
    )


def _contradiction(report: Report, run: WorkflowRun, reports: Sequence[Report]) -> str:
    """Return how report and run contradict each other; empty: they do not.

    A run of several reports fails if one does. Another may say 0 in it; but whoever forged that one
    could have added the failing one, so it is no pass either.
    """
    is_success = run.conclusion == "success"
    if is_success and report.exit_code:
        return (
            f"the run ended as success though this report says exit code {report.exit_code}: "
            "what should fail the build did not"
        )
    if not is_success and not any(each.exit_code for each in reports):
        return (
            f"the run ended as {run.conclusion} though its reports say exit code 0: either "
            "something else in the run went wrong, or this is not what the gate wrote"
        )
    if not is_success and not report.exit_code:
        return (
            f"this part of the run says exit code 0, and the run ended as {run.conclusion}, as "
            "another part of it says: this one counts when the whole run succeeds"
        )
    return ""
