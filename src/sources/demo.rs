//! Incidents that ship in the binary: recorded cases, read like any other.
