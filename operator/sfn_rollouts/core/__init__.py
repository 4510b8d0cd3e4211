"""What a rollout means: plan, observation, gates, phases, decision, wording.

Everything here is a pure function or a frozen value: no I/O, no clock (`now` is handed in), no kopf, no boto3.
The one entry is `decide.decide(rollout, seen, now) -> Decision`; the other modules are its vocabulary.
Does not belong here: when to read what (`engine`), how to read it (`aws`, `kube`).
"""
