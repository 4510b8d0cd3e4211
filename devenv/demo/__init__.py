"""The demo: three rollouts on a real API server, shown as they happen. `python -m devenv.demo`, or `make demo`.

What belongs here: the example state machine, the stories, what a person sees of them. What does not: anything that
the operator does; the demo only applies manifests, fires alarms, starts orders and prints what kubectl says.
"""
