"""From flags to proposals: pure, without a store and without a platform."""
