"""One module a sub-command. Here the clock and the environment are read, and nowhere else."""
