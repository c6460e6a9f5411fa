"""The table of facts is what the tests say, and leaves no part of Canvas out."""

from tests import facts


def test_the_table_is_up_to_date() -> None:
    assert facts.TABLE.read_text() == facts.table(), "run: python -m tests.facts"


def test_every_part_of_canvas_has_a_proof() -> None:
    proved = {proof.section for proof in facts.proofs()}

    assert [section for section in facts.SECTIONS if section not in proved] == []


def test_a_fact_is_one_sentence_and_says_it_once() -> None:
    for proof in facts.proofs():
        assert proof.says.rstrip("`").endswith("."), proof
    said = [(proof.section, proof.says, proof.test) for proof in facts.proofs()]
    assert len(said) == len(set(said))
