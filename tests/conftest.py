"""What the tests share: one run over samples/, and how Hypothesis looks for examples."""

import os
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import settings

from export.files import write_run
from export.model import DocumentResult
from export.store import staging
from extract.source import find_inputs
from pipeline import Settings, convert_document

# the same examples in every run, and no limit on time: a busy machine is not a bug
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")

# the command line reads in the test's own process; the tests of batch/ say otherwise
os.environ["RAINGAN_JOBS"] = "0"


def pytest_addoption(parser):
    parser.addoption(
        "--golden", action="store_true", help="write samples/expected/rows anew; read the diff"
    )


@pytest.fixture(scope="session")
def root():
    return Path(__file__).parent.parent


class Samples(NamedTuple):
    """What one run over samples/ came to, and the folder that it wrote."""

    out: Path
    results: tuple[DocumentResult, ...]


@pytest.fixture(scope="session")
def samples(tmp_path_factory, root):
    out = tmp_path_factory.mktemp("samples")
    found = [one for one in find_inputs([str(root / "samples")]) if not one.skipped]
    with staging(out) as folder:
        results = tuple(convert_document(one, Settings(keep=folder)) for one in found)
        write_run(out, results, folder=folder)
    return Samples(out, results)
