"""The demonstration: a country in small, with four months behind it. Only `massline demo` uses it."""
