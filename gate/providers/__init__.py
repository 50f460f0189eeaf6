"""Providers turn a request into a response. One small file each, one line in the registry."""
