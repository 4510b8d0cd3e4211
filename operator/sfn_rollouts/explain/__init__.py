"""A rollout for people: what it is doing, what comes next, and what a person can do. Pure, and without colours."""
