"""A declarative GitOps reconciler for SCIM: YAML in, a reviewed plan, requests to a service and a record of them out.

The rooms, in the order of the data (a room imports only rooms above it; none in a circle; tests/test_rooms.py holds that):

    codes      every code that a problem has, with what it means, why it matters, an example and how to fix it; pure
    processes  git, gh and other programs, each started with its own secret and no other's; the same work on all cores
    declare    YAML files in, validated declarations out, each with its file and line; reads files, writes a cache
    resolve    declarations and a date in, the resources that should exist out: scope, filters, mappings, expressions; pure
    scim       one service: requests and pages in both directions, discovery, credentials, what each kind does in its own way
    rolesources  roles that a service tells over another API than SCIM: what a driver owes, and one module a service
    record     what was last applied, with its journal and its lock: in a local folder or on a ref in Git
    plan       desired, live and record in, an inert Plan out: match, compare, guard, explain; pure
    apply      a Plan in; requests in a safe order, outcomes and changes of the record out
    report     a plan, an explanation or problems in; text, Markdown, JSON or annotations out; pure
    notify     what is wrong with an app and what of it was told in; one message a cause out, by mail and webhook, from an outbox
    cycle      one pass over one app: open the record, read, plan, guard and, under a lock, write
    service    the running service: each app's clock, cycles one after another, escrow and quarantine; a loop around cycle
    adopt      a service or an Entra tenant in, declarations out: the way back
    github     what GitHub has, through gh: comments, issues, reviewed plans; and the workflows that run there
    demo       simulators of services: a real SCIM server less what a profile says that it lacks
    cli        one module a command: options in, exit code out

One pass on one screen is cycle/session.py; the planner's whole story is plan/planner.py; what is sent is apply/execute.py; where
a 412 goes is apply/precondition_failed.py.
"""

__version__ = "0.1.0"
