"""Speed and memory, measured against peers in one run. `python -m bench [section …]`; a timing is never a test."""
