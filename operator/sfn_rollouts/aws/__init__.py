"""AWS behind the engine's ports: aliases, versions and alarms over boto3.

What belongs here: clients, what a call may cost of the account's quota, what an AWS error asks of the engine, and the
reading of AWS's answers into the values of `core`. `connect` builds it all. Adapters are safe to call from many
threads, never sleep for quota, and let nothing but `errors.PortError`s out.

What does not: any decision. Nothing here remembers an answer, compares two of them, or knows what a rollout is.
"""
