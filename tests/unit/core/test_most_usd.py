from __future__ import annotations

import pytest

from gate.core.cost import most_usd
from gate.core.model import Case, Message, Price, Prompt
from gate.core.prompt import request_for

PRICE = Price(input=1.0, output=100.0)


def request(model: str = "openai/m", **parameters: object):
    prompt = Prompt(
        path="p.yml",
        name="p",
        model=model,
        parameters=parameters,
        messages=(Message(role="user", content="{{input}}"),),
    )
    return request_for(prompt, Case(case_id="c", input="ä" * 50))


@pytest.mark.parametrize(
    ("parameters", "tokens_out"),
    [
        ({"maxTokens": 10}, 10),
        ({"max_completion_tokens": 10}, 10),
        ({"maxTokens": 10, "n": 3}, 30),
    ],
)
def test_a_call_costs_at_most_its_bytes_and_the_longest_answer(parameters, tokens_out) -> None:
    # "user" 4, 50 times 2 bytes, "[null,null]" 11, and 16 for each of the three parts: 163.
    wanted = (163 * 1.0 + tokens_out * 100.0) / 1e6
    assert most_usd(request(**parameters), PRICE) == pytest.approx(wanted)


@pytest.mark.parametrize("parameters", [{}, {"maxTokens": "many"}, {"maxTokens": 1, "n": None}])
def test_without_a_limit_of_the_output_nothing_bounds_the_cost(parameters) -> None:
    assert most_usd(request(**parameters), PRICE) is None


def test_without_a_price_only_a_local_model_is_known_to_cost_nothing() -> None:
    assert most_usd(request(maxTokens=1), None) is None
    assert most_usd(request("local/m", maxTokens=1), None) == 0.0
