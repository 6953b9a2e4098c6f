"""Duties that were not done make their case visible up the tree, unit by unit; responsibility stays below.

What is due is done in batches, because an outage leaves many thousands to catch up with. A job locks cases before anything else,
like every action, skips those that somebody holds, and then reads again what is due, for another worker may have just done it.
"""
