"""What the gate says to GitHub: a comment on a pull request, and what it must know for that."""
