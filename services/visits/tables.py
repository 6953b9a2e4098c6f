"""The base of this service's tables: their own registry, so that no other service's tables are in its schema.

Whoever locks rows of several tables, or several rows of one, does it in this order, so that none waits for another in a circle:
cases, requests, proposed contacts, contacts, posts, plans, visits; of each table all that are needed at once, in the order of
their ids. Jobs that skip what others have in hand may take the rows of their first table in any order.
"""

from sqlalchemy import MetaData
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

metadata = MetaData()


class VisitsTable(SQLModel, registry=registry(metadata=metadata)):
    """Tables of this service derive from this."""
