//! Builds the parts once, starts the loops, handles signals, drains within bounds.
