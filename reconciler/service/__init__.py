"""The running service: a loop around `cycle/`.

when     loop and turns start a cycle of each app in a process of its own (worker, child), by clocks and order; surveys say which
         apps there are; follow, look and pull keep the checkout at the remote's head; stop, signals, bell and lifeline end them
what     begin says whether there is one, by commits of which; cycle does it: reading and looked_after say what is read, choice
         what is written, read_back who is out
result   is what all are told; verdicts, failures, findings, figures, numbers, escrow, quarantine and commit_age make it
told     causes and after_cycle to people, by the record and the outbox (recipients, messages); own_troubles, trouble_files
         and shared_events what no record can tell; events to the log; standing, metrics and listen to machines; looked_up,
         status and status_text to whoever asks; restart ends a state by hand
"""
