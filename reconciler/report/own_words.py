"""The words of our own sentences on a plan: where one stands alone, it is not taken for a name, whoever is called so. No I/O."""

from __future__ import annotations

# The words of the texts in the rooms plan and cycle, and in resolve/scope.py; a test says when many are missing.
OWN = frozenset(
    " ".join(
        (
            "activity answers branch can certificate closed confirm edit edits ended origin owner request right runs",
            "a about access account accountenabled accounts active add adds admincredentials adopted adopts afresh after",
            "again agrees all alone already also although an and another answer answered any app appeared applied applies",
            "apply approleassignmentscomplex approval approvals approve are as asked asks assertiveapproleassignmentscomplex",
            "assign assigned assignment assignments assigns at attribute attributes automatic away back be bears become been",
            "before beside blocks bring broken budget but by called came cannot carries change changed changes check checkout",
            "clear clears clone come comes commit common compared complete content correct could create created cut date",
            "deactivated decides decision decisions declaration declarations declare declared declares default defaultaccess",
            "delete deleteafter deleted deletes deprovisioning depth descend did differ differs digest digests directory",
            "disable disabled disables displayname do does done e each earlier edited else empty enable enabled end ends",
            "errors every everybody everyone everything existing expired expression extensionattributes false fetch few fewer",
            "file files fill filter filters find finds first fit fix for force forget form found from gains gave git give",
            "given gives go goes gone group groups had half hand has hash hashes have held here history hold holder holders",
            "holds hours how id if ignored ignoredrift ignores in inactive incident inside instead into is it its just keep",
            "keeps kept key keys kind know known knows lacks last later leads least leave leavers leaves left less let lets",
            "letters lies lifts like limit limits links list listed lists live local log login long longer look looked looks",
            "lose loses made mail make manage managed manager manages manual many map mapped mapping mappings mark marked",
            "match matched matches matching may meant member members membership merge mib migrate min missing mixes mode more",
            "most move moved must name named names nearly needed needs neither never new newest next no nobody none nor not",
            "nothing now null number of off offline old on once one ones only open or other others otherwise ours out",
            "outofscope outside over own owns part passed passes people permissions person place plan policies policy",
            "previously primary principal privileged profile protected protection protections provision provisioned",
            "provisioning prune put puts raise rate reach reached read reads reason reasons reconcile record redacted ref",
            "reference refused refuses remove removes rename renamed renames requests rest restore rests retain retained",
            "review reviewed reviews revocation revoke revoked rewritten role roles rows rule run s safeguard same saved say",
            "says scope scoping scripts see seen separate service set several should show shown shows since skipped so some",
            "somebody something sound source squashed start started status stay stays steps still stripped sure surplus take",
            "taken takes target targetobjectactions tell tenanturl than that the their them then there these they this those",
            "through times to token told tried true try two type undeclared under understood undone unique unless unpacked",
            "unset until up update us user username users value values vendor wanted wants was we were what when where",
            "wherever whether which who whoever whole whom whose why with without would write writes yaml yes yet zip",
        )
    ).split(" ")
)
