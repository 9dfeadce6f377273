"""Mail over SMTP, against a small server on the loopback: what leaves is one mail to one person."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from api.settings import Settings
from api.smtp import PASSWORD, Smtp
from notary.core.errors import OperatorError
from notary.ports.mailer import Mail, Undeliverable
from tests.mailbox import smtp_sink
from tests.parts import free_port

pytestmark = pytest.mark.loopback
SENDER = "Registrar, Office <registrar@college.example>"


def server(folder: Path, url: str, sender: str = SENDER) -> Smtp:
    """The server that these settings name."""
    found = Smtp.of(replace(Settings.load(folder, {}), smtp=url, mail_from=sender), {})
    assert found is not None
    return found


def test_a_mail_arrives_as_it_was_written(tmp_path: Path) -> None:
    """Names in any script, a long line, a line of one dot; from whom the settings say; answered by no machine."""
    text = "Hello Ana Pérez 林美\n\n.\n..\n" + "x" * 2000 + "\nhttps://notary.example/r/AAAAAAAAAAAAAAAAAAAAAA\n"
    with smtp_sink() as sink:
        with server(tmp_path, sink.url).session() as session:
            session.send(Mail("ana@bücher.example", "Grüße: 林美", text, "award.abc.1"))
            session.send(Mail("bo@x.example", "Second", "over the same way\n", "award.abd.1"))
        (sender, to, first), (_, _, second) = sink.mails
    assert (sender, to) == ("registrar@college.example", "ana@xn--bcher-kva.example")
    assert first["Subject"] == "Grüße: 林美"
    assert first["From"] == '"Registrar, Office" <registrar@college.example>'
    assert first["Message-ID"] == "<award.abc.1@college.example>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first.get_content().replace("\r\n", "\n") == text
    assert second["To"] == "bo@x.example"


@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r", "\x85", "\u2028", "\x00"])
def test_nothing_in_a_header_can_begin_another(line_end: str) -> None:
    """A mail with a line break in address, subject or id is never made."""
    evil = f"ana@x.example{line_end}Bcc: eve@x.example"
    for to, subject, id_ in ((evil, "s", "i"), ("a@x.example", evil, "i"), ("a@x.example", "s", evil)):
        with pytest.raises(ValueError, match="header"):
            Mail(to, subject, "text", id_)


@pytest.mark.parametrize("address", ["a@b@x.example", "nobody", "", "a@" + "ü" * 70 + ".example", "a b@x.example"])
def test_what_is_no_single_address_goes_nowhere(tmp_path: Path, address: str) -> None:
    """Two addresses, none, or a domain that cannot be: refused before the server hears of it."""
    with smtp_sink() as sink:
        with server(tmp_path, sink.url).session() as session, pytest.raises((Undeliverable, ValueError)):
            session.send(Mail(address, "s", "text", "i"))
        assert sink.mails == []


def test_a_refused_address_is_told_by_its_code_alone(tmp_path: Path) -> None:
    """The server's words quote the address: codes go into the ledger, and nothing else."""
    with smtp_sink() as sink, server(tmp_path, sink.url).session() as session:
        with pytest.raises(Undeliverable) as refused:
            session.send(Mail("nobody@x.example", "s", "text", "i"))
        assert str(refused.value) == "the address was refused: found 550 5.1.1"
        sink.rude = True
        with pytest.raises(OperatorError) as later:
            session.send(Mail("ana@x.example", "s", "text", "i"))
        assert str(later.value) == "the mail server 127.0.0.1 did not take the mail: found 451 4.3.0"
        sink.rude = False
        session.send(Mail("ana@x.example", "s", "text", "i"))
        assert len(sink.mails) == 1


def test_a_server_that_is_down_is_an_outage(tmp_path: Path) -> None:
    """Named by its host, so that the operator can mend it."""
    with pytest.raises(OperatorError, match=r"127\.0\.0\.1 is not reached"):
        server(tmp_path, f"smtp://127.0.0.1:{free_port()}").check()


def test_a_password_never_goes_in_the_clear(tmp_path: Path) -> None:
    """A server that offers no TLS gets neither name nor password."""
    with smtp_sink() as sink:
        found = replace(server(tmp_path, sink.url.replace("//", "//user@")), environment={PASSWORD: "secret"})
        with pytest.raises(OperatorError, match="is not reached"):
            found.check()


def test_the_password_stands_in_a_file_for_its_owner_only(tmp_path: Path) -> None:
    """In the environment, or in the data folder with the rights of a key."""
    found = server(tmp_path, "smtp://user@mail.example")
    file = tmp_path / "keys" / "smtp-password"
    file.parent.mkdir()
    file.write_text("from the file\n")
    file.chmod(0o600)
    assert found._password() == "from the file"
    assert replace(found, environment={PASSWORD: "given"})._password() == "given"
    file.chmod(0o644)
    with pytest.raises(OperatorError, match="open to others"):
        found._password()


@pytest.mark.parametrize(
    "url, sender, says",
    [
        ("http://mail.example", SENDER, "the setting smtp"),
        ("smtp://user:secret@mail.example", SENDER, "the setting smtp"),
        ("smtp://mail.example:port", SENDER, "the setting smtp"),
        ("smtp://", SENDER, "the setting smtp"),
        ("smtp://mail.example", "", "the setting mail_from"),
        ("smtp://mail.example", "no address", "the setting mail_from"),
        ("smtp://mail.example", "A <a@x.example>\r\nBcc: e@x.example", "the setting mail_from"),
    ],
)
def test_settings_that_cannot_be_are_named(tmp_path: Path, url: str, sender: str, says: str) -> None:
    """And no password is ever quoted."""
    with pytest.raises(OperatorError, match=says) as refused:
        server(tmp_path, url, sender)
    assert "secret" not in str(refused.value)


def test_without_a_server_there_is_none(tmp_path: Path) -> None:
    """The default: nobody is mailed."""
    assert Smtp.of(Settings.load(tmp_path, {})) is None
