"""What `gate audit` refuses: it could not look, was asked for nonsense, or a text wants to act."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest
from attacks import ATTACKS, MARK
from cli.audited import DRAWING_WORKER, MODEL, fields, forged, project, recorded, run
from cli.project import calls
from conftest import prompt_file
from stub_vendor import StubVendor, body

if TYPE_CHECKING:
    from conftest import Folder

REFUSING_WORKER = """\
import json, sys
for line in sys.stdin:
    print(json.dumps({"id": json.loads(line)["id"], "error": "no\\x1b[31m"}), flush=True)
"""


# --- could not look -----------------------------------------------------------------------------

REPAIR = "  repair: run: gate refresh s\n"


def test_without_a_baseline_there_is_nothing_to_audit(repo: Folder) -> None:
    repo.write(project()).commit()
    done = run(repo, "audit", "s", exit_code=4)
    assert done.stderr == "gate: baselines/s.jsonl: no baseline for suite 's'\n" + REPAIR
    assert (done.stdout, calls(repo).total()) == ("", 0)


def test_a_baseline_of_another_prompt_is_no_recording_of_this_one(repo: Folder) -> None:
    recorded(repo).write({"s.prompt.yml": prompt_file("{{n}}!", model=MODEL)})
    done = run(repo, "audit", "s", exit_code=4)
    assert done.stderr == (
        "gate: baselines/s.jsonl: holds no answers of this prompt to any of 30 cases\n" + REPAIR
    )
    assert (done.stdout, calls(repo).total()) == ("", 0)
    run(repo, "refresh", "--quiet")  # the repair
    calls(repo)
    run(repo, "audit", "s", "--seed", "1")


def test_what_the_file_holds_of_this_prompt_is_audited_though_it_lacks_cases(repo: Folder) -> None:
    recorded(repo).write({"cases.jsonl": project(cases=32)["cases.jsonl"]})
    done = run(repo, "audit", "s", "--seed", "1")
    assert (
        "\nnote: 2 cases have no recorded answer of this prompt, and nothing to audit\n"
    ) in done.stdout
    assert not calls(repo).keys() & {"n30", "n31"}


@pytest.mark.parametrize(
    ("worker", "arguments", "message"),
    [
        pytest.param(REFUSING_WORKER, [], "5 calls in a row were not answered: ", id="refuses"),
        pytest.param(
            REFUSING_WORKER,
            ["--sample", "3"],
            "suite 's': 0 of 3 trials called again were answered: too few to find a forged file "
            "whatever they say; it said 'sh: no",
            id="refuses-the-few-that-are-asked",
        ),
        pytest.param("import sys; sys.exit(3)", [], "the worker ended with exit code 3", id="dies"),
        pytest.param(
            "import sys; sys.stdin.read()",
            ["--timeout", "0.1", "--deadline", "0.5"],
            "--deadline is reached, before all 20 chosen trials were called again",
            id="hangs",
        ),
    ],
)
def test_a_worker_that_answers_nothing_is_no_pass(
    repo: Folder, worker: str, arguments: list[str], message: str
) -> None:
    files = project()
    prompt = prompt_file("{{n}}", model=MODEL, depends=["version.txt"])
    repo.write({**files, "s.prompt.yml": prompt, "version.txt": "1"})
    run(repo, "refresh", "--quiet")
    repo.write({"worker.py": worker}).commit()
    done = run(repo, "audit", "s", "--quiet", *arguments, exit_code=4)
    assert message in done.stderr
    assert "\x1b" not in done.stderr
    assert done.stdout == ""


def test_a_budget_that_is_spent_is_no_pass(repo: Folder) -> None:
    recorded(repo)
    done = run(repo, "audit", "s", "--seed", "7", "--max-calls", "19", exit_code=4)
    assert done.stdout == ""
    assert done.stderr.endswith(
        "gate: suite 's': --max-calls is used up, before all 20 chosen trials were called again\n"
        "  repair: run it again with a larger one, and with --seed 7 for the same trials\n"
    )
    assert calls(repo).total() == 19
    run(repo, "audit", "s", "--seed", "7", "--max-calls", "20")


@pytest.mark.parametrize(
    ("size", "repair"),
    [
        pytest.param((9, 5), "use a larger --sample", id="of-many"),
        pytest.param(
            (1, 1),
            "record more cases or trials (repeats.baseline), and run: gate refresh s",
            id="of-one",
        ),
    ],
)
def test_an_audit_too_small_to_find_anything_is_no_pass(
    repo: Folder, size: tuple[int, int], repair: str
) -> None:
    cases, trials = size
    recorded(repo, cases=cases, trials=trials)
    done = run(repo, "audit", "s", "--sample", "1", exit_code=4)
    assert done.stdout == ""
    assert done.stderr.endswith(
        "gate: suite 's': 1 of 1 trials called again were answered: too few to find a forged file "
        f"whatever they say\n  repair: {repair}\n"
    )


SOME_REFUSED = DRAWING_WORKER.replace(
    "    draw = ",
    '    if asked in ("n03", "n04"):\n'
    '        print(json.dumps({"id": request["id"], "error": "busy"}), flush=True)\n'
    "        continue\n"
    "    draw = ",
)


def test_answers_that_are_missing_are_told(repo: Folder) -> None:
    prompt = prompt_file("{{n}}", model=MODEL, depends=["version.txt"])
    repo.write({**project(), "s.prompt.yml": prompt, "version.txt": "1"})
    run(repo, "refresh", "--quiet")
    repo.write({"worker.py": SOME_REFUSED}).commit()
    done = run(repo, "audit", "s", "--seed", "1", "--sample", "30")
    assert done.stdout.startswith("PLAUSIBLE: suite s: nothing tells 28 answers called again ")
    assert "\n30 calls, 2 answers missing\n" in done.stdout
    assert "\nnote: what was said most often in place of an answer: sh: busy\n" in done.stdout


def test_what_cannot_be_asked_for_is_an_error(repo: Folder) -> None:
    recorded(repo, cases=3)
    assert "no suite 'nope'" in run(repo, "audit", "nope", exit_code=2).stderr
    assert "Missing argument 'SUITE'" in run(repo, "audit", exit_code=2).stderr
    assert "0 is not in the range" in run(repo, "audit", "s", "--sample", "0", exit_code=2).stderr
    assert "--case x: matches none" in run(repo, "audit", "s", "--case", "x", exit_code=2).stderr
    assert not calls(repo)


def test_tokens_that_are_no_number_are_refused(repo: Folder) -> None:
    forged(recorded(repo, cases=3), fields(output_tokens=float("nan")))
    done = run(repo, "audit", "s", exit_code=2)
    assert "baselines/s.jsonl:2: not JSON: NaN is no JSON" in done.stderr
    assert not calls(repo)


def renamed(model: str) -> StubVendor:
    message = {"role": "assistant", "content": "yes"}
    return StubVendor(
        otherwise=body(
            {
                "model": model,
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 7, "completion_tokens": 3},
            }
        )
    )


def test_a_vendor_needs_its_key_and_says_by_which_name_it_answers(repo: Folder) -> None:
    repo.write({**project(cases=5), "s.prompt.yml": prompt_file("{{n}}", model="openai/tiny")})
    with renamed("tiny-1") as stub:
        run(repo, "refresh", OPENAI_BASE_URL=f"{stub.url}/v1")
    keyless = run(repo, "audit", "s", exit_code=2)
    assert "s.prompt.yml: openai/tiny needs the variable OPENAI_API_KEY" in keyless.stderr
    assert keyless.stdout == ""
    with renamed("tiny-2") as stub:
        done = run(repo, "audit", "s", OPENAI_BASE_URL=f"{stub.url}/v1")
        assert len(stub.seen) == 20
    assert done.stdout.startswith("PLAUSIBLE: ")  # equal texts, again and again
    assert (
        "\nnote: the vendor answers as tiny-2; the baseline says that it was recorded from tiny-1\n"
    ) in done.stdout


# --- hostile ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "attack", [pytest.param(text, id=name) for name, text in ATTACKS.items() if name != "huge"]
)
def test_a_recorded_text_cannot_act(repo: Folder, attack: str) -> None:
    recorded(repo, cases=6, trials=5)
    forged(repo, fields(output=attack, finish_reason=attack))
    done = run(repo, "audit", "s", "--seed", "1", exit_code=1)
    assert MARK in done.stdout
    acting = {"Cc", "Cf", "Cs", "Co"}
    assert not [
        each
        for each in done.stdout
        if each != "\n" and (unicodedata.category(each) in acting or each in "\u2028\u2029")
    ]
    assert "::" not in done.stdout
    assert "##[" not in done.stdout
    assert all(line.startswith("  recorded, ") for line in done.stdout.splitlines() if MARK in line)
