"""Measures qkron's engine and its HTTP API against references on the same machine."""
