"""What was asked (brief) and what was proposed (suggestion), by which model version, at what latency and cost.

Written by its own verbs and by intake; immutable once written.
It never knows what anybody thought of a suggestion: that is decision's.
"""
