"""Where the pages and the API are reached: `web` at the root, `api` under /api/v1/."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
