"""Whether a judge that compares two outputs looks at where they stand, not at what they say."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from gate.core.normal import upper_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST, SECOND, TIE = "first", "second", "tie"
ERROR = 0.05  # probability with which the interval misses; half on each side
_PRECISION = 1e-9
_CONSISTENT = ((FIRST, SECOND), (SECOND, FIRST), (TIE, TIE))


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionBias:
    """What a judge answered on pairs of outputs that it saw in both orders."""

    pairs: int
    consistent: float  # share of pairs with the same winner, or a tie, in both orders
    first: int  # pairs whose winner is whichever output stands first
    second: int  # pairs whose winner is whichever stands second
    p_value: float  # exact, two-sided, that either position is as likely; 1 where neither occurs
    interval: tuple[float, float]  # 95 %, of the share `first` less the share `second`


def position_bias(order1: Sequence[str], order2: Sequence[str]) -> PositionBias:
    """Count what a judge answers when two outputs change places.

    A judge that looks at what they say names the other position. A tie in one order only is
    inconsistent and favours no position.

    Args:
        order1: Position of the winner of each pair, as the judge saw it: "first", "second" or
            "tie". Where a verdict has no answer, leave the pair out.
        order2: The same when the outputs of each pair were shown the other way round.

    Raises:
        ValueError: There is no pair, the lengths differ, or an answer is another word.

    Source:
        McNemar (1947), Psychometrika 12(2), exact, for the p-value; Tango (1998), Statistics in
        Medicine 17(8), for the interval, which also tells something where nothing was found.
    """
    answers = Counter(zip(order1, order2, strict=True))
    if not answers:
        raise ValueError("there is no pair of outputs")
    unknown = {word for both in answers for word in both} - {FIRST, SECOND, TIE}
    if unknown:
        raise ValueError(f"neither a position nor a tie: {', '.join(map(repr, sorted(unknown)))}")
    pairs, first, second = answers.total(), answers[FIRST, FIRST], answers[SECOND, SECOND]
    return PositionBias(
        pairs=pairs,
        consistent=sum(answers[both] for both in _CONSISTENT) / pairs,
        first=first,
        second=second,
        p_value=_coin_p_value(first, second),
        interval=paired_difference(first, second, pairs),
    )


def _coin_p_value(heads: int, tails: int) -> float:
    """Return the two-sided p-value of a fair coin, of integers that are exact."""
    tosses = heads + tails
    at_most, ways = 0, 1
    for counted in range(min(heads, tails) + 1):
        at_most += ways
        ways = ways * (tosses - counted) // (counted + 1)
    return min(1.0, 2 * at_most / (1 << tosses))


def paired_difference(only_first: int, only_second: int, pairs: int) -> tuple[float, float]:
    """Return Tango's score interval of the difference of two shares of the same pairs.

    Args:
        only_first: Pairs that count for the first share alone.
        only_second: Pairs that count for the second share alone.
        pairs: All of them; at least 1.

    Returns:
        (low, high), in [-1, 1].
    """
    found = (only_first - only_second) / pairs
    squared = upper_quantile(ERROR / 2) ** 2

    def is_rejected(difference: float) -> bool:
        away = only_first - only_second - pairs * difference
        return away**2 > squared * _variance(only_first, only_second, pairs, difference)

    def limit(outside: float) -> float:
        inside = found
        while abs(outside - inside) > _PRECISION:
            middle = (outside + inside) / 2
            outside, inside = (middle, inside) if is_rejected(middle) else (outside, middle)
        return (outside + inside) / 2

    return limit(-1.0), limit(1.0)


def _variance(only_first: int, only_second: int, pairs: int, difference: float) -> float:
    """Return the variance of `only_first - only_second`, if the shares differ by `difference`.

    The share of `only_second` is the most likely one then, the root of a quadratic equation.
    """
    linear = only_first + only_second - (2 * pairs - only_first + only_second) * difference
    constant = only_second * difference * (1 - difference)
    root = sqrt(linear**2 + 8 * pairs * constant)
    share = (root + linear) / (4 * pairs)
    return pairs * (2 * share + difference * (1 - difference))
