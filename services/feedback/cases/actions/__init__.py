"""What changes a case. Each locks the case first, so that the events of one case leave in order."""
