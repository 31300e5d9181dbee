"""What Entra and Graph give, as declarations."""
