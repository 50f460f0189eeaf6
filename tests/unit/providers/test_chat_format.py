from __future__ import annotations

import pytest

from gate.providers.chat_format import snake_case


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("maxTokens", "max_tokens"),
        ("maxCompletionTokens", "max_completion_tokens"),
        ("topP", "top_p"),
        ("n2Best", "n2_best"),
        ("temperature", "temperature"),
        ("already_snake", "already_snake"),
        ("Seed", "Seed"),
    ],
)
def test_camel_case_becomes_snake_case(name: str, wire: str) -> None:
    assert snake_case(name) == wire
