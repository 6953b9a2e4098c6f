"""What a run says: aligned tables for people, one JSON object for machines."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from bench.model import Comparison, Round, Row

Results = Mapping[str, Sequence[Round]]
HEADINGS = ("row", "conns", "req/s", "min-max", "p50 ms", "p99 ms", "CPU µs per request", "errors", "generator")
RATIO_HEADINGS = ("row", "ratio", "of", "median", "min-max", "target", "")
VERDICT = {True: "met", False: "MISSED", None: ""}


def _over(rounds: Sequence[Round], value: Callable[[Round], float]) -> tuple[float, float, float]:
    """Median, least and greatest."""
    values = [value(measured) for measured in rounds]
    return median(values), min(values), max(values)


def ratios(comparison: Comparison, rounds: Sequence[Round], baseline: Sequence[Round]) -> list[float]:
    """One per cycle: the row's round to its baseline's round of the same cycle."""
    return [comparison.ratio(mine, theirs) for mine, theirs in zip(rounds, baseline, strict=True)]


def errors(results: Results) -> int:
    return sum(measured.errors for rounds in results.values() for measured in rounds)


def tables(rows: Sequence[Row], results: Results) -> str:
    measured = _aligned([HEADINGS, *(_measured(row, results[row.name]) for row in rows)])
    compared = [_compared(row, comparison, results) for row in rows for comparison in row.against]
    legend = _aligned([(row.name, row.what) for row in rows])
    parts = [measured, _aligned([RATIO_HEADINGS, *compared]) if compared else "", *_figures(rows, results), legend]
    return "\n\n".join(part for part in [*parts, _complaints(results)] if part)


def _measured(row: Row, rounds: Sequence[Round]) -> tuple[str, ...]:
    rate, least, most = _over(rounds, lambda measured: measured.rate)
    return (
        row.name,
        str(row.connections),
        f"{rate:,.0f}",
        f"{least:,.0f}-{most:,.0f}",
        f"{_over(rounds, lambda measured: measured.p50)[0]:.1f}",
        f"{_over(rounds, lambda measured: measured.p99)[0]:.1f}",
        _cpu(rounds),
        str(sum(measured.errors for measured in rounds)),
        f"{_over(rounds, lambda measured: measured.generator)[0]:.0%}",
    )


def _figures(rows: Sequence[Row], results: Results) -> list[str]:
    """A table for each set of figures, with a line per row that has them."""
    tables: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for row in rows:
        figures = _medians(results[row.name])
        if figures:
            table = tables.setdefault(tuple(figures), [("row", *figures)])
            table.append((row.name, *(f"{value:,.2f}" for value in figures.values())))
    return [_aligned(table) for table in tables.values()]


def _medians(rounds: Sequence[Round]) -> dict[str, float]:
    return {name: median(measured.figures[name] for measured in rounds) for name in rounds[0].figures}


def _cpu(rounds: Sequence[Round]) -> str:
    each = {name: median(measured.cpu[name] for measured in rounds) for name in rounds[0].cpu}
    said = " + ".join(f"{name} {value:.0f}" for name, value in each.items())
    return f"{said} = {sum(each.values()):.0f}" if len(each) > 1 else said


def _compared(row: Row, comparison: Comparison, results: Results) -> tuple[str, ...]:
    found = ratios(comparison, results[row.name], results[comparison.baseline])
    return (
        row.name,
        comparison.what,
        comparison.baseline,
        f"{median(found):.2f}",
        f"{min(found):.2f}-{max(found):.2f}",
        comparison.target,
        VERDICT[comparison.met(median(found))],
    )


def _complaints(results: Results) -> str:
    first = {name: next((error for measured in rounds for error in measured.seen_errors), "") for name, rounds in results.items()}
    return "\n".join(f"ERROR in {name}: {error}" for name, error in first.items() if error)


def _aligned(lines: Iterable[Sequence[str]]) -> str:
    lines = list(lines)
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def as_json(rows: Sequence[Row], results: Results) -> list[dict[str, Any]]:
    """One object per row, with every round, so that runs can be compared later."""
    return [
        {
            "row": row.name,
            "what": row.what,
            "connections": row.connections,
            "rounds": list(results[row.name]),
            "ratios": [
                {
                    "ratio": comparison.what,
                    "baseline": comparison.baseline,
                    "values": (found := ratios(comparison, results[row.name], results[comparison.baseline])),
                    "median": median(found),
                    "target": comparison.target,
                    "met": comparison.met(median(found)),
                }
                for comparison in row.against
            ],
        }
        for row in rows
    ]
