"""Doing research: its course, what it rests on, what it says, and what is answered to it."""
