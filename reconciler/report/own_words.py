"""The words of our own sentences on a plan: where one stands alone, it is not taken for a name, whoever is called so. No I/O."""

from __future__ import annotations

# The words of the texts in the rooms plan and cycle, and in resolve/scope.py; a test says when many are missing.
OWN = frozenset(
    " ".join(
        (
            "a about access account accountenabled accounts active add adds admincredentials adopts afresh again agrees all",
            "alone already also although an and another answered any app appeared applied apply approleassignmentscomplex",
            "approval approvals approve are as asked asks assertiveapproleassignmentscomplex assign assigned assignment",
            "assignments assigns at attribute attributes automatic away back be bears become been before blocks bring broken",
            "but by called came cannot carries change changed changes check checkout clear clears clone comes commit common",
            "compared content could create created cut date deactivated declaration declarations declare declared declares",
            "default defaultaccess delete deleteafter deleted deletes deprovisioning depth descend did differ differs digest",
            "digests directory disable disabled disables displayname do does done e each earlier edited else empty enable",
            "enabled end ends errors every everybody existing expired expression extensionattributes false fetch few filter",
            "filters find finds first fit fix for force forget form found from gains gave git give given gives go goes gone",
            "group groups had half hand has hashes have held here history hold holders holds hours how id if ignored",
            "ignoredrift ignores in inactive incident inside instead into is it its keep keeps kept kind know known knows",
            "lacks last later leads least leave leavers leaves left let lets letters lies lifts like limit limits links list",
            "listed lists live local login longer look looked looks lose loses made mail make manage managed manages manual",
            "many map mapped mapping mappings mark marked match matched matches matching may meant member members membership",
            "merge migrate missing mixes mode more most move moved must name named names nearly needed needs neither",
            "never new no nobody none nor not nothing now null of off offline old on once one ones only open or other others",
            "ours out outofscope outside own owns passed passes people permissions person place plan policies policy",
            "previously primary principal privileged profile protected protection protections provision provisioned",
            "provisioning put puts reach read reads reason reconcile record redacted ref reference refused refuses remove",
            "removes rename renamed renames rest restore rests retain retained reviewed revocation revoke revoked rewritten",
            "role roles run s safeguard same saved say says scope scoping scripts see seen separate service set several",
            "should show shown shows since skipped so somebody something source squashed status stay stays steps still",
            "stripped sure surplus take taken takes target targetobjectactions tell tenanturl than that the their them then",
            "there they this those through times to token told tried true try two type undeclared under understood undone",
            "unique unless unset update us user username users value values vendor wanted wants was we were what when where",
            "wherever whether which who whoever whole whom whose why with without would write writes yaml yes yet",
        )
    ).split(" ")
)
