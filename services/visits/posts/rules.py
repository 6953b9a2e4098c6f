"""How exactly it is kept where a post is."""

DECIMALS = 2
"""About a kilometre."""


def rounded(degrees: float, decimals: int = DECIMALS) -> float:
    """A coordinate as it is kept."""
    return round(degrees, decimals) + 0.0  # no negative zero
