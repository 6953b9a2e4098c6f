"""The servers of a run, each an async context manager for `Stage.use`."""
