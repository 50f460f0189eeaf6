"""`openai/…`: any server that speaks OpenAI's chat completions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.errors import ConfigError
from gate.providers.chat_format import chat_body, chat_response
from gate.providers.http import JsonApi, answer_fault
from gate.providers.urls import check_url

if TYPE_CHECKING:
    from gate.core.model import Prompt, Request, Response
    from gate.providers.registry import Place

_VENDOR = "https://api.openai.com/v1"


def open_provider(prompt: Prompt, place: Place) -> OpenAI:
    """Return the provider for a prompt's `baseUrl`, or `OPENAI_BASE_URL`, or OpenAI itself."""
    named = prompt.base_url or place.environment.get("OPENAI_BASE_URL") or _VENDOR
    url = check_url(named, where=prompt.path)
    key = place.environment.get("OPENAI_API_KEY", "").strip()
    if not key and url == _VENDOR:
        raise ConfigError(
            f"{prompt.path}: {prompt.model} needs the variable OPENAI_API_KEY",
            fix="set it; or set baseUrl to a server of your own; or run with --offline",
        )
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return OpenAI(
        JsonApi(
            f"{url}/chat/completions",
            headers=headers,
            key=key,
            key_variable="OPENAI_API_KEY",
            timeout_s=place.timeout_s,
        )
    )


class OpenAI:
    """Chat completions."""

    max_in_flight: int | None = None

    def __init__(self, api: JsonApi) -> None:
        self._api = api

    async def complete(self, request: Request, *, seed: int) -> Response:
        """Answer one request, see `Provider`. The vendor's own seed is the prompt's to set."""
        del seed
        answer = await self._api.post(chat_body(request))
        try:
            return chat_response(answer.body, answer.latency_ms)
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise answer_fault(request.model, error) from error

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()
