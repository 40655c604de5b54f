"""The ASGI entry, for those who must. Put a body-size limit in front: Django spools a whole body before any limit."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
application = get_asgi_application()
