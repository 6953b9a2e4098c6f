"""Every contract, by producer. Importing this package fills the registry that turns a type into its class."""

from shared.events import assessment, feedback, gateway, visits

__all__ = ["assessment", "feedback", "gateway", "visits"]
