"""A speaker says how they fare and reports retaliation; others look into it, or it climbs."""
