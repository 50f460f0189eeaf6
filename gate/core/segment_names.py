"""How a segment is named, and which cases a name stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

JOINT = " & "  # between the parts of a segment by several tags


def segment_name(tags: Mapping[str, str], wanted: Sequence[str]) -> str:
    """Return `channel=email`, or `channel=email & language=de` for several tags."""
    return JOINT.join(f"{tag}={tags[tag]}" for tag in wanted)


def segments_in(tags: Iterable[Mapping[str, str]], by: Sequence[Sequence[str]]) -> set[str]:
    """Return the names of all segments that cases with these tags are in, grouped by `by`."""
    return {
        segment_name(each, wanted)
        for each in tags
        for wanted in by
        if all(tag in each for tag in wanted)
    }


def is_in_segment(tags: Mapping[str, str], segment: str | None) -> bool:
    """Tell whether a case with these tags is in a segment; None is all cases."""
    if segment is None or any(f"{tag}={value}" == segment for tag, value in tags.items()):
        return True
    names = [part.partition("=")[0] for part in segment.split(JOINT)]
    return all(name in tags for name in names) and segment == segment_name(tags, names)
