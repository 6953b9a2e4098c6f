"""Proof of filing: every opinion is a leaf of its day's tree, and the day's seal is published."""
