"""A simulated world around the real engine and core: time, AWS, API server, hosts, people, and everything that fails.

`scenario.Scenario` says as plain data what happens in a run, `world.World` plays it, `invariants` judge after each
decision and effect, `search` tries thousands of seeds, `shrink` cuts a failure down, `story` tells a run to people.
The engine is driven through its ports and knows nothing of it; the same scenario gives the same run, byte for byte.
Does not belong here: what a rollout means (`core`), when to look and write (`engine`); no boto3, kopf or kubernetes.
"""
