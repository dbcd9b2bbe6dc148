"""What was agreed with those it is about, what they say about it, and what the engine may say because of both."""
