"""Judges: policy, memory and evidence become a judgement. Each stands by itself; alarms is the first."""
