"""Looking at what was gathered so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.core.model import Case
    from gate.flow.gathered import Gathered


class Judge(Protocol):
    """Judges what was gathered so far."""

    def judge(self, found: Gathered, look: int) -> bool:
        """Judge what the look of that number sees, and tell whether to stop there."""
        ...

    def would_stop(self, found: Gathered, look: int) -> bool:
        """Tell whether a look would stop the run by the answers that are there already."""
        ...

    def prepare(self, found: Gathered, cases: Sequence[Case]) -> None:
        """Score cases whose answers have come, before a look asks for them."""
        ...

    def stop(self) -> None:
        """Start nothing more: the run was ended from outside."""
        ...


class Unjudged:
    """Stands where every answer is wanted and none is judged yet."""

    def judge(self, _found: Gathered, _look: int) -> bool:
        """Take all answers there are as enough."""
        return True

    def would_stop(self, _found: Gathered, _look: int) -> bool:
        """Never stop before the end."""
        return False

    def prepare(self, _found: Gathered, _cases: Sequence[Case]) -> None:
        """Score nothing."""

    def stop(self) -> None:
        """Nothing is under way."""


class Looking:
    """A judge that remembers with what was gathered which look came last."""

    def __init__(self, judge: Judge, found: Gathered) -> None:
        """Take what judges, and where what was gathered stands."""
        self._judge = judge
        self._found = found

    def judge(self, look: int) -> bool:
        """Judge a look whose answers are all there, and tell whether the run may stop there."""
        self._found.is_decided = self._judge.judge(self._found, look)
        self._found.look = look
        return self._found.is_decided

    def would_stop(self, look: int) -> bool:
        """Tell whether a look would stop the run by the answers that are there already."""
        return self._judge.would_stop(self._found, look)

    def stop(self) -> None:
        """Start nothing more: the run was ended from outside."""
        self._judge.stop()

    def prepare(self, cases: Sequence[Case]) -> None:
        """Score cases whose answers have come, before a look asks for them."""
        self._judge.prepare(self._found, cases)
