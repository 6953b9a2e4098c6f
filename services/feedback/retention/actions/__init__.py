"""Ending access, erasing, holding, and sealing anew."""
