"""Which units owe a case and which work on it."""
