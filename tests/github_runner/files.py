"""The files through which a step speaks to the runner, read as GitHub's runner reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COMMAND = re.compile(r"\s*::([\w-]+)(?: [^:]*)?::|\s*##\[([\w-]+)\]")


def pairs(path: Path) -> Iterator[tuple[str, str]]:
    """Yield names and values: `name=value`, or `name<<MARK`, lines, `MARK`."""
    text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
    lines = iter(text.removesuffix("\n").split("\n") if text else ())
    for line in lines:
        name, sign, value = line.partition("=")
        block, mark, end = line.partition("<<")
        if mark and (not sign or len(block) < len(name)):
            held = []
            for inner in lines:
                if inner == end:
                    break
                held.append(inner)
            else:
                raise ValueError(f"{path.name}: no line {end!r} ends {block!r}")
            yield block, "\n".join(held)
        elif sign:
            yield name, value
        elif line:
            raise ValueError(f"{path.name}: invalid format {line!r}")


def commands(log: str) -> list[str]:
    """Return the names of the workflow commands that the runner would carry out."""
    return [found[1] or found[2] for line in log.splitlines() if (found := _COMMAND.match(line))]
