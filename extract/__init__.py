"""Paper to raw cells: what a page says and where, unjudged."""
