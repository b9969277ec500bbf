"""What is read off a trace: heat, changes, answers, contributions."""
