import csv
from pathlib import Path

import pytest

from services.importing.errors import WrongInput
from services.importing.files import REJECT_COLUMNS, check_file, check_rejects, read_rows, write_rejects
from services.importing.mappings import NYC311
from services.importing.submissions import Reject, Submission
from tests.importing.samples import COLUMNS, row, write_csv


def rejects_of(path: Path) -> list[tuple[int, str, str]]:
    return [(item.line, item.key, item.reason) for item in read_rows(path, NYC311) if isinstance(item, Reject)]


def keys_of(path: Path) -> list[str]:
    return [item.key for item in read_rows(path, NYC311) if isinstance(item, Submission)]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "requests.csv", [row(1), row(2)])


def test_rows_come_in_their_order(good: Path) -> None:
    assert check_file(good, NYC311) == COLUMNS
    assert keys_of(good) == ["1", "2"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8"])
def test_a_byte_order_mark_is_fine(tmp_path: Path, encoding: str) -> None:
    path = write_csv(tmp_path / "requests.csv", [row(1, City="ÉXAMPLETOWN")], encoding=encoding)
    check_file(path, NYC311)
    assert keys_of(path) == ["1"]


def test_columns_may_stand_in_any_order_and_blank_lines_anywhere(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "requests.csv", [row(1)], columns=COLUMNS[::-1])
    path.write_text("\n" + path.read_text(encoding="utf-8") + "\n\n", encoding="utf-8")
    check_file(path, NYC311)
    assert keys_of(path) == ["1"]


def test_a_line_number_is_where_the_row_begins(tmp_path: Path) -> None:
    rows = [row(1, Resolution_Description="two\nlines"), row(2, Created_Date="soon")]
    path = write_csv(tmp_path / "requests.csv", rows)
    assert [(line, key) for line, key, _ in rejects_of(path)] == [(4, "2")]


def test_a_row_with_a_wrong_number_of_fields_is_rejected(good: Path) -> None:
    with good.open("a", encoding="utf-8") as file:
        file.write("3,short\n" + "," * 20 + "\n")
    number = len(COLUMNS)
    assert rejects_of(good) == [(4, "3", f"2 fields instead of {number}"), (5, "", f"21 fields instead of {number}")]
    assert keys_of(good) == ["1", "2"]


def test_a_key_that_stands_twice_is_taken_once(good: Path) -> None:
    with good.open("a", encoding="utf-8") as file:
        file.write(good.read_text(encoding="utf-8").splitlines()[1] + "\n")
    assert rejects_of(good) == [(4, "1", "the same key stands in line 2 already")]


def test_a_key_whose_first_row_was_rejected_may_come_again(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "requests.csv", [row(1, Created_Date="soon"), row(1)])
    assert [line for line, _, _ in rejects_of(path)] == [2]
    assert keys_of(path) == ["1"]


def test_a_misplaced_quotation_mark_rejects_its_row_alone(good: Path) -> None:
    text = good.read_text(encoding="utf-8").splitlines()
    good.write_text("\n".join([text[0], '"1"x,broken', text[2]]), encoding="utf-8")
    assert [(line, reason[:7]) for line, _, reason in rejects_of(good)] == [(2, "not CSV")]
    assert keys_of(good) == ["2"]


def test_a_quotation_mark_that_swallows_rows_tells_which(good: Path) -> None:
    text = good.read_text(encoding="utf-8")
    good.write_text(text.replace("Water Works", '"Water Works', 1) + '5,"closed"\n', encoding="utf-8")
    assert [(line, reason[-15:]) for line, _, reason in rejects_of(good)] == [(2, " (lines 2 to 4)")]


def test_a_quotation_mark_that_is_never_closed_would_swallow_the_rest(good: Path) -> None:
    with good.open("a", encoding="utf-8") as file:
        file.write('4,"open\n5,x\n')
    with pytest.raises(WrongInput, match="in line 4 is never closed"):
        list(read_rows(good, NYC311))


def test_rejects_can_be_corrected_and_imported_themselves(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "requests.csv", [row(1), row(2, Created_Date="soon"), row(3, Agency="")])
    header = check_file(source, NYC311)
    rejects = [item for item in read_rows(source, NYC311) if isinstance(item, Reject)]
    path = tmp_path / "rejects.csv"
    write_rejects(path, header, reversed(rejects))
    with path.open(encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    assert [[each[name] for name in REJECT_COLUMNS[:2]] for each in written] == [["3", "2"], ["4", "3"]]
    path.write_text(path.read_text(encoding="utf-8").replace("soon", "06/26/2018 10:58:54 AM"), encoding="utf-8")
    again = check_file(path, NYC311)
    assert keys_of(path) == ["2"]
    left = [item for item in read_rows(path, NYC311) if isinstance(item, Reject)]
    write_rejects(tmp_path / "again.csv", again, left)
    assert check_file(tmp_path / "again.csv", NYC311) == (*REJECT_COLUMNS, *COLUMNS)


def test_without_rejects_a_file_of_earlier_ones_goes(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    write_rejects(path, COLUMNS, [Reject(2, ("x",), "1", "wrong")])
    check_rejects(path)
    write_rejects(path, COLUMNS, [])
    assert not path.exists()


def test_a_file_that_holds_something_else_is_never_written_over(good: Path) -> None:
    with pytest.raises(WrongInput, match="is no rejects file"):
        check_rejects(good)
    with pytest.raises(WrongInput, match="there is no folder"):
        check_rejects(good.parent / "nowhere" / "rejects.csv")
    with pytest.raises(WrongInput, match="is not a file"):
        check_rejects(good.parent)
