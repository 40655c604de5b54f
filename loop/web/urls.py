"""Where the pages are. Each folder of pages lists its own; here they are put together."""

from django.urls import include, path

from loop.web import find, home, me, productions, session

urlpatterns = [
    path("", home.home, name="home"),
    path("me/", me.me, name="me"),
    path("find/", find.find, name="find"),
    path("me/coach/", me.close_coach, name="coach"),
    path("session/", session.session, name="session"),
    path("p/<str:code>/", productions.overview, name="production"),
    path("p/<str:code>/overview/<slug:name>.csv", productions.table, name="production-csv"),
    path("", include("loop.web.editor.urls")),
    path("", include("loop.web.datateam.urls")),
    path("", include("loop.web.consent.urls")),
    path("", include("loop.web.contributor.urls")),
    path("", include("loop.web.report.urls")),
    path("", include("loop.web.auditor.urls")),
]
