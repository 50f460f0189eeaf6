"""Does a text refuse to answer?"""

from __future__ import annotations

import re

# A refusal opens the answer and names the act it refuses. An apology alone is no refusal:
# "I'm sorry that your parcel is late" is a good answer of a support automation.
# "We cannot provide refunds after 30 days" is a good one, too: what is refused must be the request
# itself, "that", "such content", "this topic".
_ACT = (
    r"(?:assist|comply|"
    r"(?:help(?: you)?|fulfil+|answer|provide|discuss|engage|participate|generate|create|"
    r"continue|do|support)(?: (?:with|in|to))? "
    r"(?:that|this|these|those|such|your request|any (?:information|advice|assistance)))"
)
_REFUSAL = re.compile(
    r"^\W*(?:(?:i['\u2019]?m |i am )?(?:very |really |so )?(?:sorry|afraid)|my apologies|"
    r"i apologi[sz]e|unfortunately|as an ai[^.!?\n]{0,60})?[,.!:;\s]*(?:but\s+)?(?:that\s+)?"
    r"(?:i|we)(?:\s+(?:can\s?not|can['\u2019]?t|won['\u2019]?t|will not|must decline to|"
    r"have to decline to)|\s*(?:am|['\u2019]m|are)\s+(?:not able|unable|not allowed) to)\s+"
    rf"{_ACT}\b",
    re.IGNORECASE,
)


def is_refusal(text: str) -> bool:
    """Tell whether a text opens with a refusal, in English.

    A heuristic: it reads the first 300 characters and never fires on JSON. A suite whose cases
    expect refusals says so with the check `refusal: true`, or turns this off with
    `detect_refusals: false`.
    """
    head = text.lstrip()[:300]
    return not head.startswith(("{", "[")) and _REFUSAL.match(head) is not None
