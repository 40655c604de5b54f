"""The file itself: its stored bytes, what a probe found in it, and what was made of it for the page (renditions).

Bytes are known by their SHA-256 and lie under MEDIA_ROOT; `material.Media` names them. Written by `store` and `render`.
Facts and renditions are derived and may be made again at any time; the file is never altered.
"""
