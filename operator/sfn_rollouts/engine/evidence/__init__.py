"""The executions of a rollout as the judge takes them, and the looks that it makes of them: by lists or by counts.

`listing` reads what AWS lists, `counting` what it only counts (`shared_counts`: for all rollouts at once); `weights`
says under which share of the target each was started. `engine/sources/judging.py` asks the one that can answer.
"""
