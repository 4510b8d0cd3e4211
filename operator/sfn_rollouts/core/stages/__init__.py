"""The life of a rollout: starting, stepping, restoring, resting, deleting, and what each of them meets on its way."""
