"""The door for people: pages by actor. Reads through querysets, writes through verbs, and keeps no rule of its own."""
