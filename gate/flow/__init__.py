"""What several commands share: opening the project, old and new, gathering trials, judging."""
