"""The inputs of `action.yml`, as values: read from the environment, never from a shell's text."""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.errors import UsageError
from gate.github.comments import DEFAULT_KEY, is_key
from gate.reports.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIX = "GATE_INPUT_"
_SHARD = re.compile(r"[0-9]{1,4}/[0-9]{1,4}")
_LONGEST_KEY = 40  # characters; one that is made of names gets a digest after as many
_COMMANDS = {
    "check": ("suites", "base", "offline", "shard", "max-calls", "max-cost"),  # all there are
    "merge": ("suites", "base", "offline", "max-calls", "max-cost"),
    "drift": ("suites", "max-calls", "max-cost"),
    "comment": (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a workflow asks of the Action; empty where it does not say."""

    command: str  # check, merge, drift or comment
    config: str
    working_directory: str
    suites: tuple[str, ...]
    base: str
    offline: bool
    shard: str  # i/n
    max_calls: str
    max_cost: str
    comment: str  # auto, always or off
    annotations: bool
    formats: tuple[str, ...]  # of files; always json among them
    key: str  # tells this use of the Action from others in its repository; "" for the plain one

    @property
    def artifact(self) -> str:
        """The name under which the report, or a shard, is kept."""
        if self.shard:
            return f"{self.shards}{self.shard.replace('/', '-of-')}"
        return f"gate-report-{self.key}" if self.key else "gate-report"

    @property
    def shards(self) -> str:
        """What the names of all shards that belong together begin with."""
        return f"gate-shard.{self.key or '-'}."  # no key is a dash

    def arguments(self, report: str, shards: str) -> list[str]:
        """Return the arguments of the gate.

        Args:
            report: The folder for the report, or for a shard.
            shards: The folder that the shards were gathered in.
        """
        words = [self.command]
        words += ["--config", self.config] if self.config else []
        words += ["--base", self.base] if self.base else []
        words += ["--offline"] if self.offline else []
        words += ["--max-calls", self.max_calls] if self.max_calls else []
        words += ["--max-cost", self.max_cost] if self.max_cost else []
        if self.command == "merge":
            words += ["--all-calls", *(part for name in self.suites for part in ("--suite", name))]
        if self.shard:
            words += ["--shard", self.shard, "--output", report]
        else:
            words += ["--format", ",".join(self.formats), "--output", report]
        return [*words, "--", *((shards,) if self.command == "merge" else self.suites)]


def given_inputs(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what the workflow gives, by the names of `action.yml`."""
    return {
        name[len(_PREFIX) :].lower().replace("_", "-"): value.strip()
        for name, value in environment.items()
        if name.startswith(_PREFIX)
    }


def read_inputs(given: Mapping[str, str]) -> Inputs:
    """Read the inputs, by their names.

    Raises:
        UsageError: One of them is none of what it may be, or does not go with the others.
    """
    for name, value in given.items():
        if not value.isprintable() and name != "suites":
            raise UsageError(f"input {name}: {value!r} holds a control character")
    command = _one_of(given, "command", "check", tuple(_COMMANDS))
    _see_they_go_together(given, command)
    shard = given.get("shard", "")
    if shard and not _SHARD.fullmatch(shard):
        raise UsageError(f"input shard: {shard!r} is no i/n, such as 3/8")
    return Inputs(
        command=command,
        config=given.get("config", ""),
        working_directory=given.get("working-directory", ""),
        suites=tuple(given.get("suites", "").split()),
        base=given.get("base", ""),
        offline=_is_true(given, "offline", "false"),
        shard=shard,
        max_calls=given.get("max-calls", ""),
        max_cost=given.get("max-cost", ""),
        comment=_one_of(given, "comment", "auto", ("auto", "always", "off")),
        annotations=_is_true(given, "annotations", "true"),
        formats=_formats(given.get("formats", "")),
        key=_key(given, command),
    )


def _see_they_go_together(given: Mapping[str, str], command: str) -> None:
    for name in _COMMANDS["check"]:
        if given.get(name, "") in {"", "false"} or name in _COMMANDS[command]:
            continue
        raise UsageError(f"input {name} does not go with command: {command}")


def _one_of(given: Mapping[str, str], name: str, default: str, known: tuple[str, ...]) -> str:
    value = given.get(name) or default
    if value not in known:
        raise UsageError(f"input {name}: {value!r} is not one of {', '.join(known)}")
    return value


def _is_true(given: Mapping[str, str], name: str, default: str) -> bool:
    return _one_of(given, name, default, ("true", "false")) == "true"


def _formats(value: str) -> tuple[str, ...]:
    """Return the formats of the files: all of them where none is named."""
    known = [name for name, each in FORMATS.items() if each.file_name]
    named = [name for name in re.split(r"[\s,]+", value) if name] or known
    for name in named:
        if name not in known:
            raise UsageError(f"input formats: {name!r} is not one of {', '.join(known)}")
    return tuple(dict.fromkeys(["json", *named]))


def _key(given: Mapping[str, str], command: str) -> str:
    """Return the key that was given, or one that is made of what this use of the Action looks at.

    So two folders of one repository have two comments and two artifacts.
    """
    key = given.get("comment-key", "")
    if key:
        if not is_key(key) or len(key) > _LONGEST_KEY or key == DEFAULT_KEY:
            raise UsageError(
                f"input comment-key: {key!r} is no key",
                fix="up to 40 of a-z, 0-9, '.', '_' and single '-', a letter or digit first; "
                f"{DEFAULT_KEY!r} is that of no key",
            )
        return key
    folder = posixpath.normpath(given.get("working-directory") or ".")
    suites = sorted(given.get("suites", "").split())
    kind = command if command == "drift" else ""
    looked_at = ["" if folder == "." else folder, given.get("config", ""), suites, kind]
    named = [looked_at[0], looked_at[1], *suites, kind]
    if not any(named):
        return ""
    words = re.sub(r"[^a-z0-9]+", "-", " ".join(map(str, named)).lower()).strip("-")[:_LONGEST_KEY]
    tail = hashlib.sha256(json.dumps(looked_at).encode()).hexdigest()[:8]
    return f"{words.strip('-') or 'gate'}-{tail}"
