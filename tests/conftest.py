"""What the tests share: one run over samples/, and how Hypothesis looks for examples."""

from pathlib import Path

import pytest
from hypothesis import settings

# the same examples in every run, and no limit on time: a busy machine is not a bug
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")


def pytest_addoption(parser):
    parser.addoption(
        "--golden", action="store_true", help="write samples/expected/rows anew; read the diff"
    )


@pytest.fixture(scope="session")
def root():
    return Path(__file__).parent.parent
