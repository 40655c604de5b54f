"""Pages of those who judge: the queue, the review room, the dossier of a suggestion, the permalink of a decision.

They read through querysets and write through `signal.answer`; nothing here decides what a verdict means.
"""
