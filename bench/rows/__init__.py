"""Every row, in the order of a cycle: a row stands as near after its baseline as can be, so that both see the same machine."""

from bench.model import Row
from bench.rows import (
    breach_detection,
    case_list,
    case_lists,
    case_read,
    county,
    csv_export,
    gateway_hop,
    intake_direct,
    intake_gateway,
    raw_limit,
    receipts,
    regrading,
    scorecard,
    validation,
    visits_ahead,
)

ROWS: tuple[Row, ...] = (
    raw_limit.ROW,
    intake_direct.ROW,
    intake_gateway.ROW,
    validation.ROW,
    gateway_hop.ROW,
    case_read.ROW,
    case_list.ROW,
    *receipts.ROWS,
    *case_lists.ROWS,
    *csv_export.ROWS,
    *breach_detection.ROWS,
    *visits_ahead.ROWS,
    *regrading.ROWS,
    scorecard.ROW,
    *county.ROWS,
)
