"""Variables by which others let a process speak for them: names only."""

from __future__ import annotations

# The files through which a step of a job tells GitHub's runner something.
RUNNER_FILES = (
    "GITHUB_ENV",
    "GITHUB_OUTPUT",
    "GITHUB_PATH",
    "GITHUB_STATE",
    "GITHUB_STEP_SUMMARY",
)
# Where these files lie, and what the job believes of the event that started it.
RUNNER_PLACES = ("RUNNER_TEMP", "GITHUB_EVENT_PATH")
# What git tells its hooks. In a linked worktree it makes a folder below the top look like the top,
# and a folder of another repository like one of this.
OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX")
