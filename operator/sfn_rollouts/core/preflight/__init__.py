"""Preflight: is the target fit to get traffic? Pure: a subject and what was seen of it, in; findings and looks, out.

The operator, `sfn-rollouts preflight` and `kubectl sfnrollout preflight` ask the same checks; they differ in who
answers the looks. To add a check: a file here with one function, its row in `examination.CHECKS`, its policy in
`api/preflight.py`.
"""
