"""The Django project: wiring only. The domain lives in `loop`."""
