//! Small sites of ours.
