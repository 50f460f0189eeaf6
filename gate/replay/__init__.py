"""Replay: many requests to a provider at once, each until it is answered or given up."""
