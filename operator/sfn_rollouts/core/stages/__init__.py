"""The life of a rollout: starting, stepping, restoring, resting, deleting, and what each of them meets on its way.

Theory of operation
-------------------
A stage is a pure function from a `Case` to a `Decision`. Which stage it is stands in the status alone: not begun
(`starting`), begun (`stepping`), tripped (`restoring`), ended (`resting`). Each decision is one transition; the engine
carries it out and asks again, so a process that is killed between any two lines below is followed by one that goes on.

A step forward. The status comes before the write, because a crash must find what was meant:

    status   intent 25 %  ----------------------------->  weight 25 %, no intent
    AWS                      UpdateStateMachineAlias ok   |
    reads                 alias                     alias |
    clock                                                 starts: the wait of the step
             ^                ^                     ^
             killed here:     here: the next one    here: the alias shows the
             the intent is    reads the alias       intended routing, so it is
             written          and sees which        verified, not written again

The wait of a step begins when its weight has been read back, not when it was asked for. Before each write the alias is
read, and a routing that nobody here made is drift (`drifting`), never written over unless `driftPolicy` says so.

A way back. The write comes before the status, because an alarm must not wait for Kubernetes:

    finding  alarm in ALARM
    AWS          UpdateStateMachineAlias: stable 100 %
    status                                   trip  ---->  RolledBack, history
             ^                               ^
             killed here: the alarm is       here: the alias is on stable, and the
             still in ALARM, or its          trip that was not stored is found
             history shows it: it trips      again, or the alias itself says so
             again

So there is one order for each direction, and what cannot be read is a hold, never a pass. A way back waits for nothing
but a write that has begun; it goes over any split, and leaves a routing that is whole and somebody else's alone.

What stages meet: `single_write` (a new alias, or one put back at rest), `taking_over` (a split that no status knows),
`vanishing` (alias or state machine deleted), `recreated` (a state machine of another life), `rollback_window` (back to
a recent stable version in one write), `replanning` (edited steps), `commands_anywhere` (pause, resume, retry).
"""
