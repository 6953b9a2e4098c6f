"""Every table of the kernel, imported so that `kernel_metadata` is complete whoever asks for it."""

from shared import idempotency, inbox, outbox, policy_directory, units
from shared.db import kernel_metadata

__all__ = ["idempotency", "inbox", "kernel_metadata", "outbox", "policy_directory", "units"]
