"""What the gate reads and keeps: configuration, prompts, cases, baselines, recordings."""
