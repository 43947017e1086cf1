"""The conformance suite: small logs whose token counts and cost are known, for this tool and for others.

``python -m tests.conformance DIR`` writes every case's files and ``expected.json``; docs/conformance.md describes them.
"""
