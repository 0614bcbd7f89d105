"""A button's data: small, signed, and read back to what was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import buttons
from monitor.domain import Action, Press

KEY = buttons.key("12345:token")
LARGEST = 2**63 - 1
presses = st.builds(Press, st.sampled_from(Action), st.integers(0, LARGEST), st.integers(0, LARGEST))


@given(presses)
def test_a_press_is_read_back(press: Press) -> None:
    """Whatever its numbers are, within Telegram's 64 bytes."""
    data = buttons.write(press, KEY)
    assert buttons.read(data, KEY) == press
    assert len(data.encode()) <= 64


@given(presses, st.integers(0, 63), st.characters())
def test_a_changed_character_is_noticed(press: Press, at: int, character: str) -> None:
    """In the numbers as in the signature."""
    data = buttons.write(press, KEY)
    at %= len(data)
    changed = data[:at] + character + data[at + 1 :]
    assert (buttons.read(changed, KEY) is None) == (changed != data)


@given(st.text())
def test_nonsense_is_refused(data: str) -> None:
    """Without an error."""
    assert buttons.read(data, KEY) is None


def test_another_token_is_another_key() -> None:
    """Another bot's buttons are not ours."""
    assert buttons.read(buttons.write(Press(Action.WHY, 1, 1), buttons.key("12345:other")), KEY) is None


@pytest.mark.parametrize("number", [-1, 2**63])
def test_only_numbers_of_rows_are_written(number: int) -> None:
    """Others would be a defect of the caller."""
    with pytest.raises(ValueError, match="is no number of a row"):
        buttons.write(Press(Action.WHY, number, 0), KEY)
