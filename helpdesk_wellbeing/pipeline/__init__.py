"""The work that never stops: pull on a schedule, take in what webhooks brought, evaluate, keep the answer."""
