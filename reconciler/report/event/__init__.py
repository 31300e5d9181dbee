"""What is told of an app when something begins, changes or ends: an Event in; a mail, a body or a chat message out. Pure."""
