from __future__ import annotations

from conftest import Folder, echo_project, prompt_file


def test_a_folder_without_git_is_told_how_to_compare_two_files(folder: Folder) -> None:
    folder.write(echo_project({"a": "yes"}))
    done = folder.gate("check")
    assert done.returncode == 2
    assert "not in a git repository" in done.stderr
    assert "--old A.prompt.yml --new B.prompt.yml" in done.stderr


def test_a_prompt_that_breaks_a_check_fails_the_gate(repo: Folder) -> None:
    answers = {f"c{i:02}": "yes" for i in range(30)}
    repo.write(echo_project(answers, checks=[{"equals": "yes"}]))
    repo.commit()
    repo.write({"fixtures/s.prompt.yml": prompt_file("{{answer}} indeed")})
    done = repo.gate("check")
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("FAIL: suite s: failures rose from 0.0 % to 100.0 %")
