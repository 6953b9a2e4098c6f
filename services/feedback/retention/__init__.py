"""How long words are kept, with which key, and what keeps them longer."""
