"""The pages people open: Flask, templates, charts, sign-in. Decides nothing; `pages/` and `acting/` do."""
