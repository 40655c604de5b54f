"""What the fixtures are made of: databases, processes. Tests ask for fixtures and never import this."""
