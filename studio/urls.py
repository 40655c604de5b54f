"""Where everything is reached. The pages and the API come from `loop.urls`."""

from django.contrib import admin
from django.urls import include, path

from studio import health, metrics

urlpatterns = [
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("", include("loop.urls")),
]
