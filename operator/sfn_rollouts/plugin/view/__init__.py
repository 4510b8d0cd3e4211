"""What `get` shows: a rollout, its Events and the time, turned into a page. Pure: no cluster, no clock, no terminal.

Belongs here: which words and marks stand where, and how they fit a width. Does not belong here: what a plan means or
when a step is due (`core`, asked through `course`), reading a resource (`plugin.rollout`), talking to kubectl or a
terminal (`plugin.show`).
"""
