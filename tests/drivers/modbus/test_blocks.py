"""Which registers go into one question."""

from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus.blocks import MAX_GAP, Block, blocks
from drivers.modbus.pdu import MAX_COUNT, Query
from drivers.modbus.registers import WORDS, Register


def queries(found: tuple[Block, ...]) -> list[tuple[int, int, int]]:
    """Function, address, quantity of each."""
    return [each.query[1:] for each in found]


def at(*addresses: int, kind: str = "u16", function: int = 3) -> dict[str, Register]:
    """Registers by the names a<address>."""
    return {f"a{address}": Register(address, kind, function) for address in addresses}


def test_neighbours_are_read_together() -> None:
    """In whatever order the config has them."""
    found = blocks(7, at(2, 1, 0))
    assert [each.query for each in found] == [Query(7, 3, 0, 3)]
    assert found[0].words("a2", (10, 11, 12)) == (12,)


def test_gaps() -> None:
    """So many registers that nobody wants are read with the rest, and no more."""
    near, far = 1 + MAX_GAP, 2 + MAX_GAP
    assert queries(blocks(1, at(0, near))) == [(3, 0, near + 1)]
    assert queries(blocks(1, at(0, far))) == [(3, 0, 1), (3, far, 1)]


def test_functions_are_asked_apart() -> None:
    """Holding and input registers are not neighbours."""
    assert queries(blocks(1, {**at(0, function=4), **at(1)})) == [(3, 1, 1), (4, 0, 1)]


def test_a_question_has_a_longest() -> None:
    """125 registers, and a pair is not torn apart."""
    assert queries(blocks(1, at(*range(126)))) == [(3, 0, 125), (3, 125, 1)]
    assert queries(blocks(1, at(*range(0, 126, 2), kind="f32"))) == [(3, 0, 124), (3, 124, 2)]


def test_registers_that_overlap() -> None:
    """A word may be wanted twice, as a number of its own and in a pair."""
    registers = {"pair": Register(0, "u32"), "low": Register(1, "u16"), "next": Register(2, "u16")}
    (block,) = blocks(1, registers)
    assert block.query == Query(1, 3, 0, 3)
    assert (block.words("pair", (1, 2, 3)), block.words("low", (1, 2, 3))) == ((1, 2), (2,))


def test_parts_of_a_block_that_is_refused() -> None:
    """First without the gaps, then one by one, then there is nothing smaller."""
    (block,) = blocks(1, at(0, 1, 5))
    parts = block.parts()
    assert queries(parts) == [(3, 0, 2), (3, 5, 1)]
    assert queries(parts[0].parts()) == [(3, 0, 1), (3, 1, 1)]
    assert parts[1].parts() == ()


@given(
    st.dictionaries(
        st.integers(0, 400), st.tuples(st.sampled_from(sorted(WORDS)), st.sampled_from((3, 4))), min_size=1
    )
)
def test_any_registers(chosen: dict[int, tuple[str, int]]) -> None:
    """Each is in one block, whole; no block is too long, or has a gap that is too wide."""
    registers = {str(address): Register(address, *rest) for address, rest in chosen.items()}
    found = blocks(1, registers)
    assert sorted(name for each in found for name in each.registers) == sorted(registers)
    for each in found:
        assert 1 <= each.query.quantity <= MAX_COUNT
        words = tuple(range(each.query.address, each.query.address + each.query.quantity))
        for name, register in each.registers.items():
            assert each.words(name, words) == tuple(
                range(register.address, register.address + register.count)
            )
            assert register.function == each.query.function
