"""Writing the outputs of a run that reviewers are asked to decide on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.commands.today import today
from gate.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from gate.flow.change import Change, SuiteChange
    from gate.flow.run import SuiteRun


def see_sheets_free(change: Change, options: dict[str, object]) -> None:
    """See, before anything is called, that no sheet would be overwritten.

    Raises:
        UsageError: One is there already.
    """
    folder: Path | None = options.get("review_sheets")  # type: ignore[assignment]
    if folder is None:
        return
    for suite in change.suites:
        path = folder / f"{suite.suite.name}.jsonl"
        if path.exists():
            raise UsageError(
                f"{path}: is there already, perhaps with decisions",
                fix="name another folder, or move the file away",
            )


def write_sheet(change: SuiteChange, run: SuiteRun, options: dict[str, object]) -> list[str]:
    """Write a suite's sheet if the command line asks for it, and say what to do with it.

    Raises:
        UsageError: It cannot be written.
    """
    folder: Path | None = options.get("review_sheets")  # type: ignore[assignment]
    if folder is None:
        return []
    from gate.flow.review_sheet import review_sheet
    from gate.store.atomic import write_whole

    path, size, seed = (
        folder / f"{change.suite.name}.jsonl",
        options["review_size"],
        options["seed"],
    )
    rows = list(review_sheet(change, run, size=size, seed=seed, today=today()))  # type: ignore[arg-type]
    try:
        write_whole(path, rows)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
    labels = change.suite.labels or "a file that override.labels of gate.yaml names"
    return [
        f"suite {change.suite.name}: {len(rows)} outputs drawn for reviewers in {path}; next: let "
        f"them fill in decision (accepted, edited or rejected), and add the rows to {labels}"
    ]
