"""The search for a broken invariant: worlds by chance, all small ones, and the smallest that still fails."""
