"""Mutation testing: breaks core and engine in thousands of small ways, and sees whether their tests notice.

What belongs here: the tree that mutmut works in, running it, and its figures (docs/decisions/0013). Not in CI: it takes
over an hour. Does not belong here: what is mutated and how, which is mutmut's, and the tests, which know nothing of it.
"""
