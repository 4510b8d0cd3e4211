"""A cluster to try the product in: a real API server, an AWS of its own, and a stand-in for the nodes.

What belongs here: what a development control plane lacks for `helm install` to bring up a running operator. `node.py`
does what the Deployment controller and the kubelet would do, for our own Deployments only: it makes the ReplicaSet and
the Pods, and starts each pod's command as a process that acts as the pod's service account.

What does not: anything of the product, and anything that a test needs for itself (`devenv/operator_process.py`).

`python -m devenv.playground` runs one until Ctrl-C; docs/tour.md walks through it.
"""
