"""Puts the diagram of phases into docs/concepts.md, drawn from the table that every decision is held to."""

from sfn_rollouts.core.phases import diagram

BEGIN, END = "<!-- phases: begin -->", "<!-- phases: end -->"


def with_diagram(page: str) -> str:
    """Return the page with what stands between the two marks renewed.

    Raises:
        ValueError: the page has lost its marks.
    """
    before, found_begin, rest = page.partition(BEGIN)
    _, found_end, after = rest.partition(END)
    if not found_begin or not found_end:
        raise ValueError(f"the page needs the marks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n```mermaid\n{diagram()}```\n{END}{after}"
