"""The mutations of `make mutation-test` fit the code, so that none of them is lost when code moves."""

import pytest

from functional_tests.mutation import MUTATIONS, REPOSITORY, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_each_mutation_fits_its_file_and_names_its_tests(mutation: Mutation) -> None:
    assert (REPOSITORY / mutation.file).read_text(encoding="utf-8").count(mutation.before) == 1
    assert (REPOSITORY / mutation.tests.split()[0]).exists()
