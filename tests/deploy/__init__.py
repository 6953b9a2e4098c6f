"""What `deploy/` promises, checked on what the tools make of it."""
