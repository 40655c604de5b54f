"""Where the trail's pages are."""

from django.urls import path

from loop.web.auditor import event, trail

urlpatterns = [
    path("p/<str:code>/trail/", trail.trail, name="trail"),
    path("p/<str:code>/trail.csv", trail.download, name="trail-csv"),
    path("p/<str:code>/trail/<uuid:uid>/", event.show, name="event"),
    path("p/<str:code>/trail/<uuid:uid>/proof/", event.proof, name="event-proof"),
    path("p/<str:code>/checkpoint/", event.checkpoint, name="checkpoint"),
]
