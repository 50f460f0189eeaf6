from __future__ import annotations

import pytest

from gate.core.refusal import is_refusal


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't assist with that request.",
        "I’m sorry, but I can’t help with that.",  # noqa: RUF001 -- a typographic apostrophe
        "Sorry, I cannot help you with this.",
        "I cannot comply with this request.",
        "I am unable to provide that information.",
        "I'm not able to discuss this topic.",
        "As an AI language model, I cannot generate such content.",
        "Unfortunately, I can not continue this conversation.",
        "I apologize, but I won't participate in that.",
        "My apologies. We are not allowed to answer that.",
        "I must decline to engage with this.",
        "  \n**I'm afraid that I can't do that**, Dave.",
        "i'm so sorry i will not create that",
    ],
)
def test_a_text_that_opens_by_refusing_is_a_refusal(text):
    assert is_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("I'm sorry that your parcel is late.", id="an-apology-alone"),
        pytest.param("I'm sorry, I can't find your order.", id="an-act-that-is-no-refusal"),
        pytest.param(
            "Unfortunately, we cannot provide refunds after 30 days.", id="a-rule-of-the-shop"
        ),
        pytest.param("Unfortunately, your card was declined.", id="bad-news"),
        pytest.param("I can help with that.", id="the-opposite"),
        pytest.param("We can't wait to help with that!", id="another-verb-in-between"),
        pytest.param("I can't provider", id="only-the-beginning-of-a-word"),
        pytest.param("The bot said: I'm sorry, I can't help with that.", id="not-at-the-beginning"),
        pytest.param('{"reply": "I cannot help with that"}', id="a-json-object"),
        pytest.param(' ["I cannot help with that"]', id="a-json-list"),
        pytest.param("." * 300 + "I cannot help with that", id="behind-300-characters"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_near_miss_is_no_refusal(text):
    assert not is_refusal(text)
