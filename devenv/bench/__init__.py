"""The benchmark: one operator process against a real API server and the AWS emulator, at 1, 100 and 1,000 rollouts.

It measures latency beyond the poll, CPU seconds, resident memory and calls per minute, and what a judged rollout costs
beside one that is not, and prints the tables of docs/performance.md. Nothing here asserts a time: machines are noisy,
people compare.
"""
