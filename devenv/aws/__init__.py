"""A stand-in for AWS that boto3 reaches over HTTP on loopback: moto's server, extended where it falls short.

What belongs here: Step Functions state machines, versions, aliases, executions and their metrics, CloudWatch alarms of
all types with their history, Lambda functions as far as one looks at them, what IAM roles may do, who may assume them
and what their sessions may do then, and the bad days of AWS (faults, quotas, stale reads), each in a file named after
it, and the control surface by which a test or the demo causes them.
All else (the rest of STS and IAM, SNS, SQS, other metrics) is answered by moto.

What does not: any code of the operator, and anything that only one test needs. An answer follows what AWS was recorded
or documented to say; where neither exists, the docstring says "not established" and what was chosen instead.

Metric alarms do not evaluate metrics: their state moves by SetAlarmState (or the control surface) only, and stays.
State machines do not run: an execution is RUNNING until it is stopped or finished through the control surface, or until
the outcome that a test has set for its version comes. Traffic is made up on request (traffic.py).
"""
