"""Waivers: which of them hold for a prompt, what they let through, which have no effect."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gate.core.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from gate.core.judgement import Waived
    from gate.core.policy import Waiver
    from gate.core.report import SuiteReport

_MOST = 20  # findings that are named
_SHOWN = 12  # characters of a fingerprint that tell it from others


@dataclass(frozen=True, slots=True, kw_only=True)
class Waivers:
    """The waivers of the ref that is trusted, on the day of the run.

    A waiver lets one finding through, over all cases or in one segment, for one new prompt: that
    of its fingerprint. When the prompt is edited again, someone decides again.
    """

    given: Sequence[Waiver] = ()
    today: str = ""  # ISO date

    def holding(self, fingerprint: str) -> Waived:
        """Return finding and segment of what is let through for a new prompt."""
        return {
            (each.finding, each.segment) for each in self.given if self._holds(each, fingerprint)
        }

    def used(self, suites: Sequence[SuiteReport]) -> tuple[Mapping[str, Any], ...]:
        """Return the waivers that the verdicts rest on, each with its suite.

        They let a fail through, or a rise over all cases that could not be excluded.
        """
        return tuple(
            {"suite": suite.suite, **asdict(each)}
            for suite in suites
            for each in self.given
            if self._holds(each, _fingerprint(suite)) and _is_needed(each, suite)
        )

    def without_effect(self, suites: Sequence[SuiteReport]) -> list[str]:
        """Say of each waiver why it lets nothing through, if there is a reason to say.

        One that is bound to another prompt is named only where its finding fails: it may wait for
        a change of its own.
        """
        return [line for each in self.given for line in self._told(each, suites)]

    def misnamed(self, segments: Collection[str]) -> list[str]:
        """Say which waivers name a segment that is none of the given ones."""
        return [
            f"waiver of {_what(each.finding, each.segment)} (owner {each.owner}): no suite has a "
            "segment of this name: it has no effect"
            for each in self.given
            if each.segment is not None and each.segment not in segments
        ]

    def _holds(self, waiver: Waiver, fingerprint: str) -> bool:
        return waiver.prompt == fingerprint and not self._is_expired(waiver)

    def _is_expired(self, waiver: Waiver) -> bool:
        return waiver.expires <= self.today

    def _told(self, waiver: Waiver, suites: Sequence[SuiteReport]) -> Iterator[str]:
        what = f"waiver of {_what(waiver.finding, waiver.segment)} (owner {waiver.owner})"
        if self._is_expired(waiver):
            yield f"{what} expired on {waiver.expires}: it has no effect"
        elif waiver.prompt is None:
            yield (
                f"{what} is bound to no prompt: it has no effect; it needs the key 'prompt', the "
                "fingerprint of the new prompt that somebody looked at"
            )
        elif any(waiver.prompt == _fingerprint(suite) for suite in suites):
            yield from (
                f"{what}: no segment of suite {suite.suite} has this name: it has no effect"
                for suite in suites
                if waiver.prompt == _fingerprint(suite) and not _has_segment(suite, waiver.segment)
            )
        else:
            yield from (
                f"{what} is bound to prompt {waiver.prompt[:_SHOWN]}, and this one is "
                f"{_fingerprint(suite)[:_SHOWN]}: it has no effect"
                for suite in suites
                if _fails(suite, waiver) and waiver.prompt != _fingerprint(suite)
            )


def ways_out(suites: Collection[SuiteReport]) -> list[str]:
    """Say what waivers of each suite that fails would have to name."""
    return [
        f"suite {suite.suite}: waivers of this fail would name prompt: {_fingerprint(suite)}; "
        f"findings: {_findings(suite)}"
        for suite in suites
        if suite.verdict is Verdict.FAIL and suite.failed and _fingerprint(suite)
    ]


def _findings(suite: SuiteReport) -> str:
    told = ", ".join(_what(each.id, each.segment) for each in suite.failed[:_MOST])
    more = ", …" if len(suite.failed) > _MOST else ""
    stopped = (
        " (it stopped at its first fail; --all-calls finds all)" if suite.stopped_early else ""
    )
    return f"{told}{more}{stopped}"


def _fingerprint(suite: SuiteReport) -> str:
    return suite.prompt_new.fingerprint if suite.prompt_new else ""


def _is_needed(waiver: Waiver, suite: SuiteReport) -> bool:
    return any(
        each.waived or (each.verdict is Verdict.INCONCLUSIVE and each.segment is None)
        for each in suite.findings
        if (each.id, each.segment) == (waiver.finding, waiver.segment)
    )


def _fails(suite: SuiteReport, waiver: Waiver) -> bool:
    return any((each.id, each.segment) == (waiver.finding, waiver.segment) for each in suite.failed)


def _has_segment(suite: SuiteReport, segment: str | None) -> bool:
    # A run that stopped early may not have seen all of them.
    if segment is None or suite.stopped_early or not suite.findings:
        return True
    return segment in {each.segment for each in suite.findings} | {*suite.small_segments}


def _what(finding: str, segment: str | None) -> str:
    return f"{finding} in {segment}" if segment else finding
