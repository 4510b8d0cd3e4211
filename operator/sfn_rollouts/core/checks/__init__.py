"""Checks: small named questions whose answer is Pass, Hold or Trip, and the chains that ask them in order."""
