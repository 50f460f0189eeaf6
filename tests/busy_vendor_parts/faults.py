"""What the busy vendor does wrong, and in which requests."""

from __future__ import annotations

from random import Random

REFUSALS = ("401", "403", "404")  # no attempt of the same run can do better
PASSING = (  # another attempt may succeed
    "429",
    "500",
    "503",
    "cut",  # half of the body, then the connection closes
    "garbage",  # 200 with bytes that are no JSON
    "html",  # 200 with some proxy's page
    "form",  # 200 with JSON of the wrong form
    "wrong_type",  # the whole right answer under text/plain
    "hang",  # no byte, ever
    "drip",  # a byte each 100 ms; it never completes
    "oversized",  # 64 MiB
    "reset",  # RST instead of an answer
)
KINDS = (*PASSING, *REFUSALS)


class Faults:
    """Chooses the fault of each request, in the order of arrival.

    The text is a list of `KIND=RATE` and `KIND@ORDINAL`: `429=0.05,cut=0.02,401@500`.
    """

    def __init__(self, text: str, *, seed: int) -> None:
        """Read the text.

        Raises:
            ValueError: A kind is unknown, or a rate or an ordinal is none.
        """
        self._rates: list[tuple[float, str]] = []  # up to this part of [0, 1): this kind
        self._at: dict[int, str] = {}
        self._seed = seed
        for word in filter(None, text.replace(" ", "").split(",")):
            kind, is_at, ordinal = word.partition("@")
            if is_at:
                self._at[int(ordinal)] = _known(kind)
            else:
                kind, _, rate = word.partition("=")
                below = self._rates[-1][0] if self._rates else 0.0
                self._rates.append((below + float(rate), _known(kind)))
        self.restart()

    def restart(self) -> None:
        """Begin anew: the same order brings the same faults."""
        self._arrived = 0
        self._random = Random(self._seed)  # noqa: S311 -- chooses faults, guards nothing

    def take(self) -> str:
        """Return the kind of fault of the next request; empty for none."""
        self._arrived += 1
        drawn = self._random.random() if self._rates else 1.0
        if self._arrived in self._at:
            return self._at[self._arrived]
        return next((kind for below, kind in self._rates if drawn < below), "")


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"unknown fault {kind!r}; known: {', '.join(KINDS)}")
    return kind
