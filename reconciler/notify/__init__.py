"""What is wrong with an app, and what of it has been told, in; one message a cause out, by mail and webhook, from an outbox."""
