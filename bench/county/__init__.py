"""A county that is visited for a year, drawn by lot and lived through the real visits service."""
