"""(11) At most one leader writes."""
