"""Files of expectations with something wrong in them, by what it is; the errors they give are a golden file."""

from __future__ import annotations

OWN = "checks.yaml"
MANIFEST = "manifest.yaml"
CASES = "ground_truth.yaml"

WRONG: dict[str, dict[str, str]] = {
    # ---------------------------------------------------------------------------------- a file of its own: keys
    "a key with a slip": {OWN: "max_turns: 3\ntool_limts: {Bash: 5}\n"},
    "a key that is like none": {OWN: "budget: 5\n"},
    "a manifest's key with a slip": {OWN: "max_turns: 3\ntrace_expectation: {tool_limits: {Bash: 5}}\n"},
    "three errors at once": {OWN: "tool_limits: {Bash: many}\nmax_turn: 3\nscope: all\nmax_error_rate: 0.5\n"},
    "a number for a key": {OWN: "5: 6\nmax_turns: 3\n"},
    # -------------------------------------------------------------------------------- a file of its own: values
    "a list of limits": {OWN: "tool_limits:\n  - Bash\n"},
    "a limit in words": {OWN: "tool_limits:\n  Read: 3\n  Bash: five\n"},
    "a limit below zero": {OWN: "tool_limits: {Bash: -1}\n"},
    "a limit that is a fraction": {OWN: "tool_limits: {Bash: 1.5}\n"},
    "a limit that is true": {OWN: "tool_limits: {Bash: true}\n"},
    "a category with a slip": {OWN: "category_limits: {shel: 3}\n"},
    "a category's limit in words": {OWN: "category_limits: {shell: few}\n"},
    "a budget's key with a slip": {OWN: "token_budget:\n  max_inputs: 100\n"},
    "a budget that is a number": {OWN: "token_budget: 5000\n"},
    "a budget in words": {OWN: "token_budget: {max_total: 5k}\n"},
    "a cost below zero": {OWN: "cost_budget: {max_usd: -0.5}\n"},
    "a cost in words": {OWN: "cost_budget: {max_usd: cheap}\n"},
    "a duration's unknown key": {OWN: "duration: {max_minutes: 5}\n"},
    "turns in words": {OWN: "max_turns: three\n"},
    "one tool for a list of tools": {OWN: "required_tools: Read\n"},
    "a number among tools": {OWN: "required_tools: [Read, 5]\n"},
    "a mapping among tools": {OWN: "banned_tools:\n  - Write\n  - {tool: Bash}\n"},
    "several wrong tools": {OWN: "required_tools:\n  - 5\n  - Read\n  - Bash(npm:*)\n  - {tool: Bash}\n"},
    "several wrong steps": {OWN: "tool_sequence:\n  - {tol: Bash, comand: pytest}\n  - 5\n  - {}\n"},
    "several wrong limits": {OWN: "token_budget: {max_total: 5k, max_input: -1, max_outputs: 9}\n"},
    "an empty tool": {OWN: 'required_tools: ["", Read]\n'},
    "an expression that is none": {OWN: 'banned_commands: ["pytest", "/git (push/"]\n'},
    "a command that is none": {OWN: 'required_commands: ["echo \'x"]\n'},
    "a number among files": {OWN: "expected_files: [5]\n"},
    "an unknown mode of a sequence": {OWN: "tool_sequence: {mode: strict, steps: [Read]}\n"},
    "a step with an unknown key": {OWN: "tool_sequence:\n  - Read\n  - {tool: Bash, comand: pytest}\n"},
    "a step that is a number": {OWN: "tool_sequence: [Read, 3]\n"},
    "a share above one": {OWN: "max_error_rate: 1.5\n"},
    "a detector with a slip": {OWN: "no_findings: [repeated_failed_rety]\n"},
    "an unknown key of the final text": {OWN: "final_text: {contain: done}\n"},
    "an expression for the final text that is none": {OWN: 'final_text: {matches: "(done"}\n'},
    "an unknown scope": {OWN: "max_turns: 3\nscope: everything\n"},
    "a scope that is left out": {OWN: "scope:\nmax_turns: 3\n"},
    # ------------------------------------------------------------------ a file of its own: what it says of itself
    "a description that is a number": {OWN: "description: 5\nmax_turns: 3\n"},
    "a session that is a number": {OWN: "session: 12345678\nmax_turns: 3\n"},
    "a list of sessions": {OWN: "session: [a, b]\nmax_turns: 3\n"},
    "metadata that are none": {OWN: "metadata: easy\nmax_turns: 3\n"},
    "a session that is named twice": {OWN: "metadata: {session_id: 1f0c7a52}\nsession: 5c5b2497\nmax_turns: 3\n"},
    # -------------------------------------------------------------------------------------------- no expectations
    "an empty file": {OWN: ""},
    "comments alone": {OWN: "# to do\n"},
    "a list": {OWN: "- max_turns: 3\n"},
    "a text": {OWN: "max_turns\n"},
    "a description alone": {OWN: "description: nothing yet\n"},
    "a manifest without expectations": {MANIFEST: "name: invoices\nscorers: {enabled: [python_syntax]}\n"},
    "a manifest with expectations at the top": {MANIFEST: "name: invoices\nmax_turns: 3\n"},
    "cases without expectations of ours": {CASES: "test_cases:\n  - {id: a, expectations: {expected_facts: [x]}}\n"},
    "no cases": {CASES: "metadata: {name: invoices}\n"},
    # ------------------------------------------------------------------------------------------------------- YAML
    "a key given twice": {OWN: "max_turns: 3\ntool_limits: {}\nmax_turns: 4\n"},
    "a bracket that is not closed": {OWN: "required_tools: [Read, Edit\nmax_turns: 3\n"},
    "a tab": {OWN: "tool_limits:\n\tBash: 5\n"},
    "two documents": {OWN: "max_turns: 3\n---\nmax_turns: 4\n"},
    "a tag": {OWN: "max_turns: !!python/object:os.system 3\n"},
    "a merge key": {OWN: "base: &base {Bash: 5}\ntool_limits:\n  <<: *base\n"},
    # --------------------------------------------------------------------------------------------------- manifests
    "expectations outside of a block": {
        MANIFEST: "trace_expectations: {max_turns: 3}\ntool_limits: {Bash: many}\ntool_limit: {Bash: 1}\nscope: user\n"
    },
    "everyday words that mean expectations": {
        MANIFEST: "trace_expectations: {max_turns: 3}\nscope: session\nduration: {max_seconds: 60}\n"
    },
    "expectations beside their block, under scorers": {
        MANIFEST: "scorers:\n  trace_expectations:\n  banned_tools: [Write]\n  token_budget: {weight: 2}\n"
    },
    "expectations beside the cases": {CASES: "test_cases:\n  - id: a\nmax_turns: 3\n"},
    "a block in two places": {
        MANIFEST: "scorers:\n  trace_expectations: {max_turns: 3}\ntrace_expectations: {max_turns: 4}\n"
    },
    "a block that is a list": {MANIFEST: "trace_expectations:\n  - max_turns\n"},
    "a block with a slip": {MANIFEST: "trace_expectatons: {max_turns: 3}\nscorers: {}\n"},
    "a block with a slip, under scorers": {MANIFEST: "scorers:\n  Trace-Expectations: {max_turns: 3}\n"},
    "an unknown key in a block": {MANIFEST: "scorers:\n  trace_expectations:\n    banned_patterns: [rm]\n"},
    "a choice that is a text": {MANIFEST: "trace_expectations: {max_turns: 3}\ntrace_scorers: tool_count\n"},
    "a chosen scorer with a slip": {MANIFEST: "trace_expectations: {max_turns: 3}\ntrace_scorers: [tool_cout]\n"},
    "a chosen scorer called as its key": {MANIFEST: "scorers:\n  trace_scorers: [expected_files]\n"},
    "a chosen scorer that is like none": {MANIFEST: "trace_scorers: [token_budget, everything]\n"},
    "a chosen scorer that is a number": {MANIFEST: "trace_scorers: [5]\n"},
    "an enabled scorer with a slip": {
        MANIFEST: "scorers:\n  enabled:\n    - python_syntax\n    - banned_tool\n  trace_expectations: {max_turns: 3}\n"
    },
    "scorers of ours in a list": {MANIFEST: "scorers: [tool_count]\ntrace_expectations: {max_turns: 3}\n"},
    "enabled scorers that are no list": {
        MANIFEST: "scorers:\n  enabled: tool_count\n  trace_expectations: {max_turns: 3}\n"
    },
    # ------------------------------------------------------------------------------------------------------- cases
    "cases with a slip": {CASES: "test_case:\n  - {id: a}\n"},
    "cases that are a mapping": {CASES: "test_cases:\n  a: {max_turns: 3}\n"},
    "expectations beside a case's own block": {
        CASES: "test_cases:\n  - id: a\n    expectations: {max_turns: 3}\n    tool_limits: {Bash: 3}\n    duration: x\n"
    },
    "a case that is a text": {CASES: "test_cases:\n  - {id: a, expectations: {max_turns: 3}}\n  - b\n"},
    "two cases of one id": {
        CASES: "test_cases:\n  - {id: a, expectations: {max_turns: 3}}\n  - id: a\n  - id: b\n  - id: a\n"
    },
    "an id that is what another case is called": {
        CASES: "test_cases:\n  - {expectations: {max_turns: 3}}\n  - id: '#1'\n"
    },
    "an id that is a list": {CASES: "test_cases:\n  - id: [a]\n    expectations: {max_turns: 3}\n"},
    "an empty id": {CASES: "test_cases:\n  - id: ''\n    expectations: {max_turns: 3}\n"},
    "a case's key with a slip": {CASES: "test_cases:\n  - id: a\n    expectations:\n      expected_file: ['*.sql']\n"},
    "a case's key in capitals": {CASES: "test_cases:\n  - id: a\n    expectations:\n      ToolLimits: {Bash: 5}\n"},
    "a case's expectations with a slip": {CASES: "test_cases:\n  - id: a\n    expectation: {max_turns: 3}\n"},
    "a case's expectations that are a list": {CASES: "test_cases:\n  - id: a\n    expectations: [max_turns]\n"},
    "a manifest's block in a case": {
        CASES: "test_cases:\n  - id: a\n    expectations:\n      trace_expectations: {max_turns: 3}\n"
    },
    "a wrong value in a case": {
        CASES: "test_cases:\n  - id: a\n    expectations:\n      guidelines: [x]\n      tool_limits: {Bash: lots}\n"
    },
    "a session's id that is a number": {
        CASES: "test_cases:\n  - id: a\n    expectations: {max_turns: 3}\n    metadata: {session_id: 12345678}\n"
    },
    "errors in the cases and in their manifest": {
        CASES: "test_cases:\n  - id: a\n    expectations: {max_turns: x}\n",
        MANIFEST: "trace_expectations:\n  max_turns: y\n",
    },
    "a manifest that is no YAML beside sound cases": {
        CASES: "test_cases:\n  - id: a\n    expectations: {max_turns: 3}\n",
        MANIFEST: "trace_expectations: {\n",
    },
    # ----------------------------------------------------------------------------------------------- hostile words
    "a key with an escape sequence": {OWN: '"tool_limits\\e[2J": {Bash: 5}\n'},
    "a tool that turns the line around": {OWN: 'tool_limits: {"Ba\\u202esh": five}\n'},
    "a key with line feeds": {OWN: '"max_turns\\nok: all is well\\n": 3\n'},
    "a key of a thousand letters": {OWN: f"? {'k' * 1000}\n: 3\n"},
    "a path of a thousand letters": {OWN: f"? tool_limits\n: ? {'t' * 1000}\n  : many\n"},
}
"""Files by name; the first one is examined, the other lies beside it."""
