"""Circled's application: suggestions in, judgements recorded, consented datasets out. See loop/README.md."""
