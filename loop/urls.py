"""Where the pages and the API are reached: `web` at the root, `api` under /api/v1/."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("loop.api.urls")),
    path("api/v1/", include("loop.api.urls")),
    path("", include("loop.web.urls")),
]
