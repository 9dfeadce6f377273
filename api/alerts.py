"""Telling somebody what a monitor found: a webhook, or a mail. Both end in time, and follow no redirects."""

from __future__ import annotations

import json
import os
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import SplitResult, urlsplit

from notary.core.encoding import shorten
from notary.core.errors import OperatorError
from notary.service.monitoring.findings import Report

PASSWORD = "NOTARY_SMTP_PASSWORD"  # noqa: S105  # a variable's name
_SECONDS = 20.0
_NAME = "localhost"
"""What the mail server is greeted with: this machine's own name is nobody's business, and need not resolve."""
_MOST_LINES = 200
_MOST_ANSWER = 1 << 16


def post_report(url: str, report: Report) -> None:
    """POST a report as JSON; OperatorError unless the answer is a success."""
    from anchoring.web import Web

    web = Web(url, seconds=_SECONDS)
    try:
        body = json.dumps(report.to_json(), ensure_ascii=False).encode()
        answer = web.ask(body=body, headers={"Content-Type": "application/json"}, max_size=_MOST_ANSWER)
    finally:
        web.close()
    if not 200 <= answer.status < 300:
        raise OperatorError(f"the webhook at {web.host} did not take the report", actual=f"status {answer.status}")


def mail_report(to: str, server: str, report: Report) -> None:
    """Mail a report; OperatorError where the server does not take it."""
    parts = _server(server)
    assert parts.hostname is not None
    message = compose(to, report)
    tls = ssl.create_default_context()
    try:
        if parts.scheme == "smtps":
            port = parts.port or 465
            session: smtplib.SMTP = smtplib.SMTP_SSL(parts.hostname, port, _NAME, timeout=_SECONDS, context=tls)
        else:
            session = smtplib.SMTP(parts.hostname, parts.port or 25, _NAME, timeout=_SECONDS)
        with session:
            if parts.username:
                if parts.scheme != "smtps":
                    session.starttls(context=tls)  # a password never goes in the clear
                session.login(parts.username, os.environ.get(PASSWORD, ""))
            session.send_message(message)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise OperatorError(f"{parts.hostname} did not take the mail", actual=shorten(error)) from None


def compose(to: str, report: Report) -> EmailMessage:
    """Write the mail: what came from outside stands in the body alone, never in a header."""
    message = EmailMessage()
    number = len(report.findings) + report.more
    try:
        message["To"] = to
        message["From"] = to
    except ValueError as error:
        raise OperatorError("--mail", expected="one mail address", actual=shorten(to)) from error
    message["Subject"] = f"Credential log: {number} finding{'' if number == 1 else 's'}"
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain="monitor.invalid")
    lines = [f"The monitor of {report.origin} found:", ""]
    lines += [f"- {finding.says}" for finding in report.findings[:_MOST_LINES]]
    lines += [f"and {number - _MOST_LINES} more"] if number > _MOST_LINES else []
    lines += ["", "See all of it: notary monitor … --json"]
    message.set_content("\n".join(" ".join(line.split()) for line in lines))
    return message


def _server(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.password:
        raise OperatorError(
            "--smtp", expected="smtp://host:25 or smtps://user@host, without a password", actual=parts.scheme
        )
    return parts
