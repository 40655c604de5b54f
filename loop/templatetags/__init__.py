"""What templates may call: marks, figures and script pages. Reads nothing, writes nothing."""
