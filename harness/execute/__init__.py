"""Executing a plan: cell after cell, in processes and containers."""
