"""Kubernetes operator for progressive delivery of AWS Step Functions.

Read it in this order: `api` (what a person writes and reads), `core` (what a rollout means), `engine` (gather,
decide, apply, report), then the adapters `aws` and `kube`, and last the composition roots `app` and `cli`.
"""

__version__ = "0.1.0"
