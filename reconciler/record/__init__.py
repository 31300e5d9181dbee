"""What was last applied, one entry an object: kept in a local folder or on a ref in Git, read, locked and written here alone."""
