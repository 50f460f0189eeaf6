"""Which provider answers for which model."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

from gate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gate.core.model import Prompt, Provider

# name -> module with `open_provider(prompt, place)`; imported when it is used
PROVIDERS = {
    "openai": "gate.providers.openai",
    "anthropic": "gate.providers.anthropic",
    "local": "gate.providers.local",
    "command": "gate.providers.command",
    "litellm": "gate.providers.litellm",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a provider works."""

    root: Path  # the folder of gate.yaml; for the old side's worker a checkout of the base
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 60.0  # of one attempt


def check_provider(prompt: Prompt) -> None:
    """Make sure that a prompt's model names a provider.

    Raises:
        ConfigError: It does not.
    """
    if prompt.provider not in PROVIDERS or not prompt.model_name:
        raise ConfigError(
            f"{prompt.path}: model {prompt.model!r}: unknown provider {prompt.provider!r}",
            fix=f"write provider/name; providers: {', '.join(PROVIDERS)}",
        )


def open_provider(prompt: Prompt, place: Place) -> Provider:
    """Return the provider of a prompt, ready for requests.

    Raises:
        ConfigError: The provider is unknown, or something that it needs is not set.
    """
    check_provider(prompt)
    provider: Provider = import_module(PROVIDERS[prompt.provider]).open_provider(prompt, place)
    return provider
