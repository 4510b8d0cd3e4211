"""Checks: small named questions whose answer is Pass, Hold or Trip, one file a subject.

A check's name states its finding. `chains` puts them in order; a check knows no other check.
"""
