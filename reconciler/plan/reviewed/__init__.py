"""Plans that somebody has reviewed, against what there is now. Pure."""
