"""Completion by the shells: what is offered, and what bash, zsh and fish make of it."""
