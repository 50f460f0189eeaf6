from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gate.core.config import Config, Suite
from gate.errors import ConfigError
from gate.flow.project import choose_suites, open_project

if TYPE_CHECKING:
    from conftest import Folder

EMPTY = "version: 1\nsuites: {}\n"


def opened(folder: Folder, below: str = "", config=None):
    return open_project(folder.path / below, config=config, environment={})


def test_gate_yaml_is_found_in_a_folder_above(folder: Folder) -> None:
    folder.write({"gate.yaml": EMPTY, "a/b/c.txt": ""})
    project = opened(folder, "a/b")
    assert project.root == folder.path.resolve()
    assert project.config_name == "gate.yaml"
    assert project.config().suites == {}


def test_the_nearest_gate_yaml_counts(folder: Folder) -> None:
    folder.write({"gate.yaml": EMPTY, "a/gate.yaml": EMPTY, "a/b/c.txt": ""})
    assert opened(folder, "a/b").root == (folder.path / "a").resolve()


def test_the_search_ends_at_the_top_of_the_repository(folder: Folder) -> None:
    folder.write({"gate.yaml": EMPTY, "repo/.git/HEAD": "", "repo/a/b.txt": ""})
    project = opened(folder, "repo/a")
    assert project.config_name is None
    with pytest.raises(ConfigError, match=r"no gate.yaml in .*/repo/a or above") as caught:
        project.config()
    assert caught.value.fix == "run: gate init"


def test_a_config_that_is_named_makes_its_folder_the_root(folder: Folder) -> None:
    folder.write({"gate.yaml": EMPTY, "other/strict.yaml": EMPTY})
    project = opened(folder, config=folder.path / "other/strict.yaml")
    assert project.root == (folder.path / "other").resolve()
    assert project.config_name == "strict.yaml"
    with pytest.raises(ConfigError, match=r"none.yaml: no such file"):
        opened(folder, config=folder.path / "none.yaml")


SUITES = {name: Suite(name=name, prompt="p.yml") for name in ("b", "a")}


def test_suites_are_chosen_in_the_order_of_gate_yaml() -> None:
    config = Config(source="gate.yaml", suites=SUITES)
    assert list(choose_suites(config, ())) == ["b", "a"]
    assert list(choose_suites(config, ("a",))) == ["a"]
    assert list(choose_suites(config, ("a", "b"))) == ["b", "a"]


@pytest.mark.parametrize(
    ("suites", "names", "says"),
    [
        pytest.param(SUITES, ("c",), "gate.yaml: no suite 'c'", id="unknown"),
        pytest.param(SUITES, ("a", "c"), "gate.yaml: no suite 'c'", id="one-of-two-unknown"),
        pytest.param({}, (), "gate.yaml: no suites", id="none-at-all"),
        pytest.param({}, ("a",), "gate.yaml: no suite 'a'", id="named-where-there-are-none"),
    ],
)
def test_an_empty_choice_is_an_error(suites, names, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        choose_suites(Config(source="gate.yaml", suites=suites), names)
    assert str(caught.value) == says
