"""From a command's text to its syntax, with tree-sitter's grammar of bash: only this module loads it."""

from __future__ import annotations

import re
import time
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from tachograph.analysis.shell.syntax import (
    Assignment,
    Block,
    BlockKind,
    Function,
    Node,
    Redirect,
    Simple,
    Unclear,
    Word,
)
from tachograph.analysis.shell.words import EXPANSIONS, MAX_DEPTH, SUBSTITUTIONS, WordReader

if TYPE_CHECKING:
    from tree_sitter import Node as Tree

SHORT = 2000
"""Bytes that are parsed in 30 ms at the worst (unmatched parentheses), so that no watch is needed."""
_SECONDS = 0.03
_SECONDS_PER_BYTE = 1e-6
"""Of this thread's own time. Measured on long scripts and here-documents: 0.1 to 0.5 microseconds a byte."""
_CHUNK = 1 << 20

_NAME = re.compile(r"\w+")
_BLOCKS = {
    "program": BlockKind.SEQUENCE,
    "compound_statement": BlockKind.SEQUENCE,
    "do_group": BlockKind.SEQUENCE,
    "negated_command": BlockKind.SEQUENCE,
    "subshell": BlockKind.SUBSHELL,
    "command_substitution": BlockKind.SUBSHELL,
    "process_substitution": BlockKind.SUBSHELL,
    "pipeline": BlockKind.PIPELINE,
    "if_statement": BlockKind.BRANCHES,
    "elif_clause": BlockKind.BRANCHES,
    "else_clause": BlockKind.BRANCHES,
    "case_statement": BlockKind.BRANCHES,
    "case_item": BlockKind.BRANCHES,
    "for_statement": BlockKind.LOOP,
    "c_style_for_statement": BlockKind.LOOP,
    "while_statement": BlockKind.LOOP,
    "test_command": BlockKind.SEQUENCE,
}
COMMANDS = (
    frozenset(
        {"command", "declaration_command", "unset_command", "redirected_statement", "list", "function_definition"}
        | {"variable_assignment", "variable_assignments", *_BLOCKS}
    )
    - SUBSTITUTIONS
)
_TEXT_WORDS = """
    word number string raw_string ansi_c_string translated_string concatenation brace_expression regex array
    extglob_pattern variable_name special_variable_name subscript binary_expression unary_expression
    ternary_expression postfix_expression parenthesized_expression test_operator
"""
_WORDS = EXPANSIONS.union(_TEXT_WORDS.split())


@cache
def _parser() -> Any:
    """The parser of bash; made once a process, when the first command is examined."""
    return _make_parser()


def _make_parser() -> Any:
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


def parse_tree(source: bytes) -> Tree:
    """The root of ``source``'s tree, however much of it the grammar knows.

    Raises ``Unclear`` when a text longer than ``SHORT`` is made to take the parser's time: its cost grows with the
    square of what it cannot place, up to minutes for 100 kB of parentheses.
    """
    if len(source) <= SHORT:
        root: Tree = _parser().parse(source).root_node
        return root
    end = time.thread_time() + _SECONDS + len(source) * _SECONDS_PER_BYTE
    parser = _make_parser()  # the shared one must not be met half-way by another thread
    try:
        root = parser.parse(
            lambda offset, _point: source[offset : offset + _CHUNK],
            progress_callback=lambda _offset, _has_error: time.thread_time() > end,
        ).root_node
    except ValueError as error:
        raise Unclear("cannot be parsed") from error
    return root


@lru_cache(maxsize=512)  # several questions are asked of one command, each of all commands of a session
def parse_script(text: str) -> Block:
    """The commands of ``text``. Raises ``Unclear`` when the grammar does not know it or it is nested too deeply."""
    source = text.encode("utf-8", "replace")
    root = parse_tree(source)
    if root.has_error:
        raise Unclear("cannot be parsed")
    reader = ScriptReader(source)
    reader.check_ends(root)
    return reader.read_block(root, 0)


class ScriptReader(WordReader):
    """Reads the commands of one text's syntax tree."""

    # ------------------------------------------------------------------------------------------ commands

    def _node(self, node: Tree, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise Unclear("nested too deeply")
        kind = node.type
        if kind == "command":
            return self._command(node, depth)
        if kind in ("declaration_command", "unset_command"):
            words = [self.word(child, depth) for child in self.children(node)]
            return Simple(tuple(words))
        if kind in ("variable_assignment", "variable_assignments"):
            children = node.children if kind == "variable_assignments" else [node]
            return Simple((), tuple(self._assignment(child, depth) for child in children))
        if kind == "redirected_statement":
            return self._redirected(node, depth)
        if kind == "list":
            return self._chain(node, depth)
        if kind == "function_definition":
            return self._function(node, depth)
        if kind in _BLOCKS:
            return self.read_block(node, depth)
        raise Unclear("cannot be parsed")

    def read_block(self, node: Tree, depth: int) -> Block:
        """Everything that holds other commands, whatever its keywords are."""
        parts: list[Node] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        for child in self.children(node):
            if not child.is_named:
                if child.type == "&" and parts:
                    parts[-1] = Block(BlockKind.BACKGROUND, (parts[-1],))
            elif child.type in COMMANDS:
                parts.append(self._node(child, depth + 1))
            elif child.type == "file_redirect":
                redirects += self._redirect(child, depth)[0]
            elif child.type in _WORDS:
                words.append(self.word(child, depth + 1))
            else:
                raise Unclear("cannot be parsed")
        return Block(_BLOCKS[node.type], tuple(parts), tuple(words), tuple(redirects))

    def _chain(self, node: Tree, depth: int) -> Block:
        """``a && b || c``: the grammar nests it to the left, here it is flat."""
        parts: list[Node] = []
        either = False
        while node.type == "list":
            children = self.children(node)
            if len(children) != 3:
                raise Unclear("cannot be parsed")
            left, operator, right = children
            either |= operator.type == "||"
            parts.append(self._node(right, depth + 1))
            node = left
        parts.append(self._node(node, depth + 1))
        return Block(BlockKind.EITHER if either else BlockKind.AND, tuple(reversed(parts)))

    def _function(self, node: Tree, depth: int) -> Function:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is None or body is None or node.named_child_count != 2:
            raise Unclear("cannot be parsed")
        return Function(self.text(name), self._node(body, depth + 1))

    def _command(self, node: Tree, depth: int) -> Simple:
        words: list[Word] = []
        assignments: list[Assignment] = []
        redirects: list[Redirect] = []
        for child in self.children(node):
            kind = child.type
            if kind == "variable_assignment":
                assignments.append(self._assignment(child, depth))
            elif kind == "command_name":
                words.append(self.word(child.children[0], depth))
            elif kind in ("file_redirect", "herestring_redirect"):
                found, more = self._redirect(child, depth)
                redirects += found
                words += more
            elif kind in _WORDS or not child.is_named:
                words.append(self.word(child, depth))
            else:
                raise Unclear("cannot be parsed")
        return Simple(tuple(words), tuple(assignments), tuple(redirects))

    def _assignment(self, node: Tree, depth: int) -> Assignment:
        name = _NAME.match(self.text(node))
        return Assignment(name[0] if name else "", self.word(node, depth))

    # -------------------------------------------------------------------------------------- redirections

    def _redirected(self, node: Tree, depth: int) -> Node:
        body: Node | None = None
        redirects: list[Redirect] = []
        words: list[Word] = []
        followers: list[tuple[str, Node]] = []
        for child in self.children(node):
            if child.type in COMMANDS:
                body = self._node(child, depth + 1)
            elif child.type == "heredoc_redirect":
                redirects += self._heredoc(child, depth, followers)
            else:
                found, more = self._redirect(child, depth)
                redirects += found
                words += more
        result = _redirect(body or Simple(()), tuple(redirects), tuple(words))
        for operator, follower in followers:
            kind = {"|": BlockKind.PIPELINE, "&&": BlockKind.AND}.get(operator, BlockKind.EITHER)
            result = Block(kind, (result, follower))
        return result

    def _redirect(self, node: Tree, depth: int) -> tuple[list[Redirect], list[Word]]:
        """The redirection, and the words after its target, which the grammar counts to it and bash to the command."""
        operator, stream = "", ""
        words: list[Word] = []
        for child in self.children(node):
            if child.type == "file_descriptor":
                stream = self.text(child)
            elif not child.is_named and not operator:
                operator = child.type
            else:
                words.append(self.word(child, depth))
        if not operator:
            raise Unclear("cannot be parsed")
        if operator.endswith("&-"):
            return [Redirect(operator, stream, None)], words
        return [Redirect(operator, stream, words[0] if words else None)], words[1:]

    def _heredoc(self, node: Tree, depth: int, followers: list[tuple[str, Node]]) -> list[Redirect]:
        """A text in the command itself; what stands behind it on its first line goes to ``followers``."""
        redirects: list[Redirect] = []
        inner: list[Node] = []
        operator, start, body = "<<", "", ""
        for child in node.children:
            kind = child.type
            if kind == "heredoc_start":
                start = self.text(child)
            elif kind == "heredoc_body":
                body = self.text(child)
                if "`" in body and not set(start) & set("'\"\\"):
                    inner += self.backticks(body)
                inner += self.word(child, depth).inner
            elif kind == "file_redirect":
                found, more = self._redirect(child, depth)
                redirects += found
                if more:
                    raise Unclear("cannot be parsed")
            elif kind in COMMANDS:
                if kind == "pipeline":
                    operator = "|"
                followers.append((operator, self._node(child, depth + 1)))
            elif child.is_named and kind not in ("heredoc_end", "file_descriptor"):
                raise Unclear("cannot be parsed")
            elif kind in ("&&", "||", "|"):
                operator = kind
        target = Word("", "", known=not inner, plain=not inner, inner=tuple(inner))
        return [*redirects, Redirect("<<", "", target, body)]

    def backticks(self, body: str) -> tuple[Node, ...]:
        """The commands in backticks of a here-document, which the grammar does not see; it gives up."""
        raise Unclear("cannot be parsed")


def _redirect(node: Node, redirects: tuple[Redirect, ...], words: tuple[Word, ...]) -> Node:
    """``node`` with the redirections; words behind them belong to its last program."""
    if isinstance(node, Function):
        raise Unclear("cannot be parsed")
    if isinstance(node, Simple):
        return Simple(node.words + words, node.assignments, node.redirects + redirects)
    if words:
        if node.kind not in (BlockKind.AND, BlockKind.EITHER, BlockKind.PIPELINE):
            raise Unclear("cannot be parsed")
        node = Block(node.kind, (*node.parts[:-1], _redirect(node.parts[-1], (), words)), node.words, node.redirects)
    return Block(node.kind, node.parts, node.words, node.redirects + redirects)
