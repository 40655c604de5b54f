"""Where the report is."""

from django.urls import path

from loop.web.report import acceptance

urlpatterns = [
    path("p/<str:code>/research/", acceptance.report, name="report"),
    path("p/<str:code>/research/<str:by>.csv", acceptance.download, name="report-csv"),
]
