"""Who issues by a template, as a member of the consortium, and how high it may claim to be recognised for it."""

from __future__ import annotations

from notary.core.errors import IssuerError, Mismatch
from notary.core.mandate import check_programmes, check_recognition
from notary.core.registry import MemberRecord
from notary.core.statement import Recognition
from notary.service.issuing.badge import Issuer
from notary.service.issuing.finding import quoted
from notary.service.issuing.template import Template


def member_issuer(template: Template, member: MemberRecord) -> Issuer:
    """Return who issues, as a member of the consortium; IssuerError for an id that is not the member's."""
    wanted = template.issuer.id or member.id
    if not member.names(wanted):
        raise IssuerError(
            f"issuer.id: {quoted(wanted)} is no id of {member.name}",
            expected=" or ".join((member.id, *member.aliases)),
            hint="Take one of these, or leave it out",
        )
    return Issuer(wanted, member.name, template.issuer)


def check_claim(template: Template, member: MemberRecord) -> Recognition:
    """Return the recognition that will be claimed; IssuerError where the member has none so high for this."""
    claimed = template.recognition or member.recognition
    try:
        check_recognition(member, claimed)
        if claimed is Recognition.AUTHORISED:
            check_programmes(member, ((template.achievement.id,),))
    except Mismatch as error:
        raise IssuerError(str(error), hint='Claim less in the template: recognition = "community"') from error
    return claimed


def standing(member: MemberRecord, achievement: str | None) -> Recognition:
    """Return the highest recognition the member has for an achievement: *authorised* needs one it is for."""
    if member.recognition is not Recognition.AUTHORISED:
        return member.recognition
    try:
        check_programmes(member, ((achievement,),))
    except Mismatch:
        return Recognition.COMMUNITY
    return Recognition.AUTHORISED
