"""What must hold whatever happens: each invariant a named function over the history, asked after each happening.

An invariant gives None, or a sentence that says what was broken. It looks at effects and at the world as it truly is,
and judges alarms and waits by its own few lines, not by those of the core: else a mistake there would be one here too.
Each has a test in which a mutant of the operator breaks it.
"""
