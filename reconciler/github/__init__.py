"""What GitHub has: comments, issues, reviewed plans, through `gh`."""
