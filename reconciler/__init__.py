"""A declarative GitOps reconciler for SCIM.

Rooms, in the order in which data flows (a later room may import an earlier one, never the reverse):

    declare   YAML files -> validated declarations, each with its file and line
    resolve   assignments, scoping filters, attribute mappings -> desired resources     (pure)
    plan      desired + live + record -> Plan                                          (pure)
    scim      the wire: client, paging, PATCH, discovery, service profiles
    processes git, gh and other programs: each with its own secret and no other's
    record    what was last applied, its lock and journal
    apply     Plan -> requests in order, outcomes
    report    a plan or problems as text, Markdown, annotations
    demo      simulators of services: a real SCIM server less what a profile says that it lacks
    cli       one file per command: options in, exit code out
"""

__version__ = "0.1.0"
