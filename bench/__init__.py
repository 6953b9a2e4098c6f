"""Measured performance: what the product costs beside the least that the same work can cost. See README.md."""
