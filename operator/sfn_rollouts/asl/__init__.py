"""What a definition in Amazon States Language says: its states, how two of them differ, what it calls and how pinned.

Everything here is pure: plain JSON in, frozen values out; no I/O, no clock, no kopf, no boto3. Unknown fields are
passed over, since AWS adds some each year, and what is odd is no error but for `document`, which reads the text.
Does not belong here: where definitions come from (`aws`), what a rollout does about a finding (`core`), and how a
finding looks to a person (`plugin`). The language: https://states-language.net/spec.html
"""
