"""gather, decide, apply, report: keeps every rollout moving, through ports only.

`engine.Engine` lives in one thread and never blocks: blocking calls are jobs that `ports.Workers` runs in lanes, their
results come back as calls in the engine's thread. So the same engine runs with threads (`loop`, `workers`) or under a
simulated clock.
Belongs here: when to look, write, report and wake. Does not belong here: what a rollout means (`core`), how AWS and
Kubernetes are spoken to (`aws`, `kube`).
"""
