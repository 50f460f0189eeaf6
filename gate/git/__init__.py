"""Git: the base ref, and the files of a commit without touching the worktree."""

from __future__ import annotations

from gate.git.base import Base, find_base
from gate.git.repository import Repository
from gate.git.tree import GitTree

__all__ = ["Base", "GitTree", "Repository", "find_base"]
