from __future__ import annotations

from pathlib import Path

import pytest

from gate.core.model import Prompt
from gate.errors import ConfigError
from gate.providers.registry import PROVIDERS, Place, check_provider, open_provider


def prompt_of(model: str) -> Prompt:
    return Prompt(path="p.prompt.yml", name="p", model=model, parameters={}, messages=())


@pytest.mark.parametrize(
    "model",
    [
        pytest.param("mistral/small", id="no-such-provider"),
        pytest.param("OpenAI/tiny", id="upper-case"),
        pytest.param("openai/", id="no-model"),
        pytest.param("openai", id="no-slash"),
        pytest.param("/tiny", id="no-provider"),
    ],
)
def test_an_unknown_provider_is_told_which_there_are(model: str) -> None:
    for refuse in (check_provider, lambda prompt: open_provider(prompt, Place(root=Path()))):
        with pytest.raises(ConfigError, match=r"^p\.prompt\.yml: model .*: unknown") as caught:
            refuse(prompt_of(model))
        for name in PROVIDERS:
            assert name in caught.value.fix


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_known_provider_is_accepted(name: str) -> None:
    check_provider(prompt_of(f"{name}/some/model"))
