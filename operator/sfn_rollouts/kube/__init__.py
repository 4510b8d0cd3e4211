"""The Kubernetes side: resources in, status and Events out. The only place that knows kopf and the official client.

Belongs here: how the API server is reached and how its refusals become `errors`, the informer, the store of resources,
the writer of Events, the checks of the cluster at start. Does not belong here: what a rollout does (`core`), when
anything is read or written (`engine`), exit codes (`start`).
"""
