"""How well the judge of executions judges, measured on the product's own code and on what others do.

`python -m devenv.judge_bench` (`make judge-bench`) simulates rollouts, seeded, and prints the tables of
docs/analysis.md; it fails where a bar is missed. Outcomes are known at once unless a table says otherwise.
"""
