"""What is kept how long, what one agent may have and have erased, and the papers that go with it."""
