"""From a proposal to what is written: who may decide, what follows from it, and what is kept of it."""
