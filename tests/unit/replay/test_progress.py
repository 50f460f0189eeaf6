from __future__ import annotations

import io

from gate.replay.progress import Progress


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_one_line_that_moves_and_then_goes() -> None:
    stream, clock = Terminal(), Clock()
    progress = Progress(stream, clock=clock)
    progress.start("triage", 10)
    assert stream.getvalue() == ""
    clock.now += 2
    progress.update(4, 0.0)
    progress.finish()
    assert stream.getvalue() == (
        "\r\x1b[2Ktriage: 4/10 calls, 2.0/s, 3 s left"  # 4 in 2 s, so 6 more take 3 s
        "\r\x1b[2K"
    )


def test_a_terminal_is_not_flooded() -> None:
    stream, clock = Terminal(), Clock()
    progress = Progress(stream, clock=clock)
    progress.start("triage", 1000)
    for done in range(1, 101):
        clock.now += 0.01
        progress.update(done, 0.0)
    assert stream.getvalue().count("\r") in {4, 5}  # one second, an update each 0.2 s


def test_a_log_sees_plain_lines() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = Progress(stream, clock=clock)
    progress.start("triage", 10)
    clock.now += 1
    progress.update(1, 0.0)  # too soon
    clock.now += 14
    progress.update(5, 0.0)
    clock.now += 1
    progress.update(10, 0.25)  # the last one is always told
    progress.finish()
    assert stream.getvalue().splitlines() == [
        "triage: 10 calls",
        "triage: 5/10 calls, 0.3/s, 15 s left",
        "triage: 10/10 calls, 0.6/s, 0 s left, 0.2500 USD",
    ]


def test_quiet_is_quiet() -> None:
    progress = Progress(None, clock=Clock())
    progress.start("triage", 10)
    progress.update(10, 1.0)
    progress.finish()


def test_the_first_moment_divides_by_nothing() -> None:
    stream = io.StringIO()
    progress = Progress(stream, clock=Clock())
    progress.start("triage", 1)
    progress.update(1, 0.0)
    assert "1/1 calls" in stream.getvalue()
