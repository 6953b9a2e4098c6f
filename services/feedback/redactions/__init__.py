"""Personal data in free text: a warning before, and taking it out afterwards."""
