"""Categories of tools by name: the same that transcripts give them, so that their KPIs can be compared."""

from __future__ import annotations

_NAMES = {
    "shell": "Bash PowerShell BashOutput KillShell KillBash exec_command shell shell_command local_shell write_stdin"
    " container.exec unified_exec",
    "read": "Read NotebookRead view_image read_file",
    "edit": "Edit MultiEdit Write NotebookEdit apply_patch",
    "search": "Grep Glob LS grep_files list_dir",
    "web": "WebFetch WebSearch web_search web_fetch",
    "task": "TodoWrite TodoRead TaskCreate TaskUpdate TaskList TaskGet update_plan",
    "subagent": "Task Agent TaskOutput TaskStop AgentOutputTool SendMessage Workflow spawn_agent send_input wait"
    " close_agent resume_agent",
}
CATEGORIES = {name: category for category, names in _NAMES.items() for name in names.split()}


def categorise(name: str) -> str:
    """Category of a tool: shell, read, edit, search, web, task, subagent, ``mcp:<server>`` or other."""
    if name.startswith("mcp__"):
        return "mcp:" + name[5:].partition("__")[0]
    return CATEGORIES.get(name, "other")
