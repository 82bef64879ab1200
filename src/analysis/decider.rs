//! Which rules can ever decide, and who takes their meetings away.
