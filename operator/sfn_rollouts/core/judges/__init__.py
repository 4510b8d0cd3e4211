"""Judges: each turns policy, memory and evidence into a judgement. `judge` says what that is; `table` lists them."""
