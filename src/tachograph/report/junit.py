"""Checks as JUnit XML, as the viewers of CI systems read it."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from tachograph.model import CheckedSession, CheckReport, CheckResult
from tachograph.report.check_words import counts_as_failed, name_session, results_of, tell_proof
from tachograph.report.sanitise import harmless

_PROOFS = 50
"""Lines of evidence that a failure shows."""
_NEVER_IN_XML = re.compile("[\ufffe\uffff]")
"""What XML 1.0 forbids beyond what is harmless on a terminal (section 2.2, Char)."""
_UNREAD = "unreadable logs"


def to_junit(report: CheckReport) -> str:
    """JUnit XML: a suite for each session, a test case for each key; the same report gives the same bytes.

    A check that failed is a ``failure`` of type ``fail``, ``unknown``, or ``skip`` where skips count as failed; a
    session that could not be checked and a log that could not be read are an ``error``. There is something of the two
    exactly when the report did not pass. Times are 0: how long a session took is no time of a check.
    """
    suites = [_suite_of(session, report) for session in report.sessions]
    if report.unreadable:
        suites.append(_suite_of_unread(report.unreadable))
    root = Element("testsuites", {"name": "tacho check", **_add_up(suites)})
    root.extend(suites)
    indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite_of(session: CheckedSession, report: CheckReport) -> Element:
    name = name_session(session)
    cases = [_case_of(result, session, report) for result in results_of(session)]
    if session.fault:
        cases.append(_case("session", name, "error", "fault", session.fault, ()))
    known = {
        "session": session.session,
        "title": session.title,
        "source": session.source,
        "expectations": report.expectations,
        "complete": "" if session.complete else "no: its log ends within a turn",
        "notes": " ".join(session.notes),
    }
    return _suite(name, cases, {key: value for key, value in known.items() if value})


def _suite_of_unread(unreadable: tuple[str, ...]) -> Element:
    cases = [_case(log, _UNREAD, "error", "unreadable", log, ()) for log in unreadable]
    return _suite(_UNREAD, cases, {})


def _case_of(result: CheckResult, session: CheckedSession, report: CheckReport) -> Element:
    failed = counts_as_failed(result, report)
    tag = "failure" if failed else "skipped" if result.status == "skip" else None
    proof = tell_proof(result, session.session, _PROOFS) if failed else ()
    return _case(result.key, name_session(session), tag, result.status, result.rationale, proof)


def _case(name: str, group: str, tag: str | None, kind: str, why: str, proof: tuple[str, ...] | list[str]) -> Element:
    """A test case; ``tag`` says how it did not pass, None that it did."""
    case = Element("testcase", {"classname": _text(group), "name": _text(name), "time": "0"})
    if tag is None:
        SubElement(case, "system-out").text = _text(why)
    elif tag == "skipped":
        SubElement(case, tag, {"message": _text(why)})
    else:
        SubElement(case, tag, {"message": _text(why), "type": kind}).text = "\n".join(map(_text, (why, *proof)))
    return case


def _suite(name: str, cases: list[Element], properties: dict[str, str | None]) -> Element:
    counts = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    suite = Element(
        "testsuite", {"name": _text(name), **{key: str(count) for key, count in counts.items()}, "time": "0"}
    )
    if properties:
        holder = SubElement(suite, "properties")
        for key, value in properties.items():
            SubElement(holder, "property", {"name": key, "value": _text(value or "")})
    suite.extend(cases)
    return suite


def _add_up(suites: list[Element]) -> dict[str, str]:
    names = ("tests", "failures", "errors", "skipped")
    return {name: str(sum(int(suite.get(name, 0)) for suite in suites)) for name in names} | {"time": "0"}


def _text(text: str) -> str:
    """``text`` on one line, of characters that XML may hold."""
    return _NEVER_IN_XML.sub("\ufffd", harmless(text))
