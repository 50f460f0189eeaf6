from __future__ import annotations

import pytest
from unit.core.builders import case, prompt


@pytest.mark.parametrize(
    ("given", "variables"),
    [
        pytest.param({"a": 1}, {"a": 1}, id="a-mapping-as-it-is"),
        pytest.param("text", {"input": "text"}, id="a-bare-text-is-the-variable-input"),
    ],
)
def test_templates_may_name_the_variables_of_a_case(given, variables):
    assert case(input=given).variables == variables


@pytest.mark.parametrize(
    ("model", "provider", "name"),
    [
        pytest.param("openai/gpt-5", "openai", "gpt-5", id="two-parts"),
        pytest.param("litellm/groq/llama", "litellm", "groq/llama", id="a-slash-in-the-name"),
        pytest.param("gpt-5", "gpt-5", "", id="no-provider"),
    ],
)
def test_a_model_is_provider_slash_name(model, provider, name):
    given = prompt(model=model)
    assert (given.provider, given.model_name) == (provider, name)
