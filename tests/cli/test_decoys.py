"""What a change puts in the place of what is judged: another file, folder, ref, or way to write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cli.project import BROKEN, FAILURES_ONLY, IS_YES, MANY, calls, judged, logged, run, with_config
from conftest import Folder, prompt_file

if TYPE_CHECKING:
    from pathlib import Path

FILES = logged(MANY, FAILURES_ONLY, checks=IS_YES)


def pointed(to: str) -> dict[str, str | bytes]:
    """The gate.yaml whose suite has its prompt elsewhere."""
    config = json.loads(str(FILES["gate.yaml"]))
    config["suites"]["s"]["prompt"] = to
    return with_config(FILES, suites=config["suites"])


def incomplete(repo: Folder, says: str, *arguments: str, **env: str) -> None:
    done = run(repo, "check", *arguments, **env)
    assert (done.returncode, done.stdout) == (4, ""), done.stdout
    assert says in done.stderr
    assert not calls(repo)


def test_a_suite_that_points_to_a_copy_leaves_no_edited_prompt_behind(repo: Folder) -> None:
    repo.write(FILES).commit()
    decoy = {"fixtures/decoy.prompt.yml": str(FILES["fixtures/s.prompt.yml"])}
    repo.write({**BROKEN, **decoy, **pointed("fixtures/decoy.prompt.yml")})
    incomplete(repo, "which edits fixtures/s.prompt.yml, too: which of them is the prompt?")


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_suite_may_point_elsewhere_and_is_told_to(repo: Folder, *, is_kept: bool) -> None:
    repo.write(FILES).commit()
    if not is_kept:
        (repo.path / "fixtures/s.prompt.yml").unlink()
    broken = {"fixtures/v2.prompt.yml": BROKEN["fixtures/s.prompt.yml"]}
    repo.write({**broken, **pointed("fixtures/v2.prompt.yml")})
    report = judged(repo, exit_code=1)
    told = "suite s: its prompt is fixtures/v2.prompt.yml in this change, "
    assert f"{told}fixtures/s.prompt.yml before" in report["notes"]


DATA_WORKER = """\
import json, sys
data = open("data.txt").read()
for line in sys.stdin:
    request = json.loads(line)
    text = request["messages"][-1]["content"] if data == "$Id$\\n" else "no"
    print(json.dumps({"id": request["id"], "output": text}), flush=True)
"""


@pytest.mark.parametrize("attributes", ["data.txt ident\n", "data.txt eol=crlf\n"])
def test_the_attributes_of_the_change_do_not_write_the_bases_files(
    repo: Folder, attributes: str
) -> None:
    """With the old side broken, new would look no worse."""
    prompt = prompt_file(depends=["worker.py", "data.txt"])
    files = {
        **FILES,
        "worker.py": DATA_WORKER,
        "data.txt": "$Id$\n",
        "fixtures/s.prompt.yml": prompt,
    }
    repo.write(files).commit()
    edited = prompt_file("{{answer}} indeed", depends=["worker.py", "data.txt"])
    repo.write({"fixtures/s.prompt.yml": edited, ".gitattributes": attributes})
    (suite,) = judged(repo, exit_code=1)["suites"]
    assert suite["failure_codes"]["old"] == {}


def two_projects(repo: Folder) -> None:
    files = {f"{name}/{path}": text for name in ("mail", "chat") for path, text in FILES.items()}
    repo.write(files).commit()


def hidden(repo: Folder) -> None:
    """The change breaks one project, and puts the other one in its place."""
    repo.git("mv", "mail", "aside")
    (repo.path / "mail").symlink_to("chat")
    repo.write({f"aside/{path}": text for path, text in BROKEN.items()})


@pytest.mark.parametrize("how", ["shell", "option"])
def test_a_folder_that_became_a_symlink_is_not_judged_as_another(repo: Folder, how: str) -> None:
    two_projects(repo)
    hidden(repo)
    says = "mail is a symlink here and was none in the base"
    if how == "option":
        incomplete(repo, says, "--config", "mail/gate.yaml")
    else:
        incomplete(Folder(repo.path / "mail"), says, PWD=str(repo.path / "mail"))


def test_a_symlink_that_the_base_has_is_none_of_the_changes(repo: Folder) -> None:
    two_projects(repo)
    (repo.path / "post").symlink_to("mail")
    repo.commit()
    repo.write({f"mail/{path}": text for path, text in BROKEN.items()})
    report = judged(repo, "--config", "post/gate.yaml", exit_code=1)
    assert report["policy"]["source"].endswith(":mail/gate.yaml")


def pushed_tag(repo: Folder, tag: str) -> Folder:
    """A clone on a broken branch, with a tag there that has a branch's name."""
    repo.write({**FILES, ".gitignore": ".gate/\n"}).commit()
    repo.git("checkout", "--quiet", "-b", "change")
    repo.write(BROKEN).commit()
    repo.git("tag", tag)
    copy = Folder(repo.path.parent / "copy")
    repo.git("clone", "--quiet", "--branch", "change", f"file://{repo.path}", str(copy.path))
    # As actions/checkout leaves it.
    copy.git("remote", "set-head", "origin", "--delete")
    return copy


@pytest.mark.parametrize(
    ("tag", "arguments"), [("main", ("--base", "main")), ("origin/main", ()), ("main", ())]
)
def test_a_tag_does_not_stand_for_the_branch_of_its_name(
    repo: Folder, tag: str, arguments: tuple[str, ...]
) -> None:
    copy = pushed_tag(repo, tag)
    report = judged(copy, *arguments, exit_code=1)
    assert report["suites"][0]["verdict"] == "fail"


def test_a_tag_can_be_named_where_no_branch_has_its_name(repo: Folder) -> None:
    repo.write(FILES).commit()
    repo.git("tag", "v1")
    repo.write(BROKEN).commit()
    for name in ("v1", "refs/tags/v1", "HEAD~1"):
        assert judged(repo, "--base", name, exit_code=1)["suites"][0]["verdict"] == "fail"


def recorded(repo: Folder) -> list[dict[str, Any]]:
    repo.write(FILES)
    assert run(repo, "refresh", "--quiet").returncode == 0
    repo.commit()
    calls(repo)
    return [json.loads(line) for line in repo.read("baselines/s.jsonl").splitlines()]


def test_a_change_of_the_baseline_alone_is_named(repo: Folder) -> None:
    """It is what the next change is held against."""
    rows = recorded(repo)
    for row in rows[1:]:
        for trial in row["trials"]:
            trial["output"] = "no"
    repo.write({"baselines/s.jsonl": "".join(f"{json.dumps(row)}\n" for row in rows)})
    report = judged(repo, exit_code=0)
    told = "suite s: baselines/s.jsonl edited in this change, and its prompt is not: nothing"
    assert any(note.startswith(told) for note in report["notes"])


def test_an_audit_of_a_baseline_alone_is_by_the_bases_checks(repo: Folder) -> None:
    rows = recorded(repo)
    for row in rows[1:]:
        for trial in row["trials"]:
            trial["output"] += " indeed"  # as the prompt does not answer, and as no check allows
    repo.write({"baselines/s.jsonl": "".join(f"{json.dumps(row)}\n" for row in rows)})
    config = json.loads(str(FILES["gate.yaml"]))
    config["suites"]["s"]["checks"] = []
    repo.write({"gate.yaml": json.dumps(config)})
    done = run(repo, "audit", "s", "--seed", "1")
    line = next(line for line in done.stdout.splitlines() if line.startswith("failures"))
    assert line.split()[2:4] == ["100.0", "%"]


def test_recordings_are_found_to_be_committed_under_any_case(repo: Folder) -> None:
    repo.write({**FILES, ".GATE/recordings.db": b"forged"}).commit()
    incomplete(repo.write(BROKEN), ".gate/ is committed")


def test_a_pattern_of_the_change_cannot_hold_up_the_bases_verdict(
    repo: Folder, tmp_path: Path
) -> None:
    """Its own rules are judged for the reader alone."""
    assert tmp_path
    texts = dict.fromkeys(MANY, "x" * 60)
    files = logged(texts, FAILURES_ONLY, checks=[{"regex": "^x+$"}])
    repo.write(files).commit()
    config = json.loads(str(files["gate.yaml"]))
    config["suites"]["s"]["checks"] = [{"regex": "(x+x+)+y"}]
    repo.write({**BROKEN, "gate.yaml": json.dumps(config)})
    report = judged(repo, exit_code=1)
    assert report["own_rules"] is None
    assert any("could not be judged by the rules that it brings" in n for n in report["notes"])
