"""The sheet to print with a new pair of keys: what each is for, and how to know it again. It holds no secret."""

from __future__ import annotations

from datetime import datetime
from html import escape

from notary.core.digest import sha256

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Keys of {name}</title>
<style>
body {{ max-width: 42rem; margin: 3rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; color: #1a1a1a;
  background: #fff; }}
h1, h2 {{ font-family: Georgia, serif; font-weight: normal; }}
section {{ border-top: 1px solid #888; margin-top: 2rem; }}
code {{ font: 0.95rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }}
dt {{ margin-top: 0.8rem; color: #555; }} dd {{ margin: 0; }}
p.write {{ margin-top: 1.5rem; }} p.write span {{ display: inline-block; width: 16rem; border-bottom: 1px solid #888; }}
@media print {{ body {{ margin: 0 auto; }} }}
</style>
<h1>Keys of {name}</h1>
<p>Made on {date}. This sheet holds no secret: it shows which keys are yours.</p>
{keys}
<section>
<h2>If something happens</h2>
<p><b>The working key is lost, or somebody else may have it:</b> tell the consortium's administrator at once, read out
the recovery key's fingerprint from this sheet, and announce a new working key with the recovery key.</p>
<p><b>Both are lost:</b> apply again as at first; the administrator will want to know you in person.</p>
<p>Credentials that were anchored before stay verifiable in every case.</p>
</section>
</html>
"""
_KEY = """<section>
<h2>{title}</h2>
<p>{what}</p>
<dl><dt>Public key</dt><dd><code>{public}</code></dd>
<dt>Fingerprint, to be read out</dt><dd><code>{fingerprint}</code></dd></dl>
<p class="write">Where it is kept: <span>&nbsp;</span></p>
<p class="write">Who knows the passphrase: <span>&nbsp;</span></p>
</section>"""
_WORKING = "Signs every batch and every change of status. It is needed at work, by the people who issue credentials."
_RECOVERY = (
    "Can only announce a new working key: it signs no batch and no status, so that who finds it can forge nothing. "
    "Keep it away from the working key, for example in a safe."
)


def key_sheet(name: str, working: str, recovery: str, made: datetime) -> str:
    """Return the sheet as one self-contained page."""
    keys = [
        _KEY.format(title=title, what=what, public=escape(public), fingerprint=fingerprint(public))
        for title, what, public in (("Working key", _WORKING, working), ("Recovery key", _RECOVERY, recovery))
    ]
    return _PAGE.format(name=escape(name), date=f"{made:%Y-%m-%d}", keys="\n".join(keys))


def fingerprint(public: str) -> str:
    """Return a public key's fingerprint: 40 digits of its hash, in eight groups of five."""
    digits = f"{int.from_bytes(sha256(public.encode())) % 10**40:040}"
    return " ".join(digits[at : at + 5] for at in range(0, 40, 5))
