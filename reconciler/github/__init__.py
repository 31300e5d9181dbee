"""What GitHub has, through `gh`: comments and issues (posts), reviewed plans; and the workflows of a team (workflow_files)."""
