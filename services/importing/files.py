"""The legacy file: what is wrong with it as a whole stops the import, what is wrong with a row rejects that row."""

import csv
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from services.importing.errors import WrongInput
from services.importing.submissions import Reject, SourceMapping, Submission, read_submission

ENCODING = "utf-8-sig"
REJECT_COLUMNS = ("reject_line", "reject_key", "reject_reason")


def check_file(path: Path, mapping: SourceMapping) -> tuple[str, ...]:
    """The header of a file that can be imported. Raises `WrongInput`."""
    if not path.exists():
        raise WrongInput(f"{path}: there is no such file")
    if not path.is_file():
        raise WrongInput(f"{path}: is not a file")
    try:
        _check_text(path)
        header = _read_header(path)
    except OSError as error:
        raise WrongInput(f"{path}: cannot be read: {error.strerror}") from None
    _check_header(path, header, mapping)
    return header


def _check_text(path: Path) -> None:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if b"\0" in line:
                raise WrongInput(f"{path}: line {number} has NUL bytes: save the file as CSV in UTF-8")
            try:
                line.decode()
            except UnicodeDecodeError:
                raise WrongInput(f"{path}: line {number} is not UTF-8: save the file as CSV in UTF-8") from None


def _read_header(path: Path) -> tuple[str, ...]:
    with path.open(encoding=ENCODING, newline="") as file:
        first = next((line for line in file if line.strip()), "")
        if not first:
            raise WrongInput(f"{path}: is empty")
        if first.lstrip().startswith("<"):
            raise WrongInput(f"{path}: is an HTML or XML page, not CSV: download the CSV file itself")
        file.seek(0)
        try:
            return tuple(name.strip() for name in next(filter(None, csv.reader(file, strict=True))))
        except (csv.Error, StopIteration) as error:
            raise WrongInput(f"{path}: is not CSV: {error}") from None


def _check_header(path: Path, header: tuple[str, ...], mapping: SourceMapping) -> None:
    missing = [name for name in mapping.columns if name not in header]
    if missing:
        raise WrongInput(f"{path}: not a CSV file of {mapping.system}: the header lacks {', '.join(missing)}")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise WrongInput(f"{path}: the header names a column more than once: {', '.join(twice)}")


def read_rows(path: Path, mapping: SourceMapping) -> Iterator[Submission | Reject]:
    """Every row of a checked file, in its order. Raises `WrongInput` when a quotation mark swallows the rest of the file."""
    first_lines: dict[str, int] = {}
    with path.open(encoding=ENCODING, newline="") as file:
        records = _records(path, file)
        header = tuple(name.strip() for name in next(records)[2])
        for first, last, cells, trouble in records:
            item = _read_row(mapping, header, first, last, cells, trouble)
            if isinstance(item, Submission) and first_lines.setdefault(item.key, first) != first:
                item = Reject(first, cells, item.key, f"the same key stands in line {first_lines[item.key]} already")
            yield item


def _records(path: Path, file: TextIO) -> Iterator[tuple[int, int, tuple[str, ...], str]]:
    """First and last line, cells and what CSV itself finds wrong, for every record that is not a blank line."""
    reader = csv.reader(file, strict=True)
    while True:
        first = reader.line_num + 1
        try:
            cells, trouble = tuple(next(reader)), ""
        except StopIteration:
            return
        except csv.Error as error:
            if "end of data" in str(error):
                raise WrongInput(f"{path}: is not CSV: a quotation mark in line {first} is never closed") from None
            cells, trouble = (), f"not CSV: {error}"
        if cells or trouble:
            yield first, reader.line_num, cells, trouble


def _read_row(
    mapping: SourceMapping, header: tuple[str, ...], first: int, last: int, cells: tuple[str, ...], trouble: str
) -> Submission | Reject:
    if not trouble and len(cells) != len(header):
        trouble = f"{len(cells)} fields instead of {len(header)}"
    if not trouble:
        return read_submission(
            mapping, first, cells, {**dict.fromkeys(mapping.extras, ""), **dict(zip(header, cells, strict=True))}
        )
    where = f" (lines {first} to {last})" if last > first else ""
    key = mapping.key({**dict.fromkeys(header, ""), **dict(zip(header, cells, strict=False))})
    return Reject(first, cells, key, trouble + where)


def check_rejects(path: Path) -> None:
    """Raises `WrongInput` when `path` is something else than a rejects file of an earlier import, such as the source itself."""
    if not path.parent.is_dir():
        raise WrongInput(f"{path}: there is no folder for the rejects file")
    if not path.exists():
        return
    if not path.is_file():
        raise WrongInput(f"{path}: is not a file that rejects can be written to")
    with path.open("rb") as file:
        start = file.read(len(",".join(REJECT_COLUMNS)))
    if start not in (b"", ",".join(REJECT_COLUMNS).encode()):
        raise WrongInput(f"{path}: exists and is no rejects file: name another one with --rejects")


def write_rejects(path: Path, header: tuple[str, ...], rejects: Iterable[Reject]) -> None:
    """The rejected rows with their cells as they stand in the source: once corrected, the file can be imported itself.

    Without rejects there is no file afterwards. Raises `OSError`.
    """
    ordered = sorted(rejects, key=lambda reject: reject.line)
    if not ordered:
        path.unlink(missing_ok=True)
        return
    kept = [index for index, name in enumerate(header) if name not in REJECT_COLUMNS]
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*REJECT_COLUMNS, *(header[index] for index in kept)])
        for reject in ordered:
            cells = [reject.cells[index] for index in kept] if len(reject.cells) == len(header) else reject.cells
            writer.writerow([reject.line, reject.key, reject.reason, *cells])
    os.replace(partial, path)
