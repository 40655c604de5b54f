"""Where the data team's pages are."""

from django.urls import path

from loop.web.datateam import comparing, excluded, files, new, recalled, releases

urlpatterns = [
    path("p/<str:code>/exports/", releases.index, name="exports"),
    path("p/<str:code>/exports/new/", new.new, name="export-new"),
    path("p/<str:code>/exports/<int:number>/", releases.show, name="export"),
    path("p/<str:code>/exports/<int:number>/progress/", releases.progress, name="export-progress"),
    path("p/<str:code>/exports/<int:number>/excluded/", excluded.excluded, name="export-excluded"),
    path("p/<str:code>/exports/<int:number>/excluded.csv", excluded.download, name="export-excluded-csv"),
    path("p/<str:code>/exports/<int:number>/compare/", comparing.choose, name="export-compare-choose"),
    path("p/<str:code>/exports/<int:number>/compare/<int:other>/", comparing.compare, name="export-compare"),
    path("p/<str:code>/exports/<int:number>/compare/<int:other>/rows.csv", comparing.rows, name="export-compare-csv"),
    path(
        "p/<str:code>/exports/<int:number>/compare/<int:other>/balance.csv",
        comparing.balance,
        name="export-compare-balance",
    ),
    path("p/<str:code>/exports/<int:number>/recalled/", recalled.recalled, name="export-recalled"),
    path("p/<str:code>/exports/<int:number>/recalled.csv", recalled.download, name="export-recalled-csv"),
    path("p/<str:code>/exports/<int:number>/recalled.json", recalled.feed, name="export-recalled-feed"),
    path("p/<str:code>/exports/<int:number>/next/", comparing.follow, name="export-next"),
    path("p/<str:code>/exports/<int:number>/replace/", recalled.replace, name="export-replace"),
    path("p/<str:code>/exports/<int:number>/take/", files.take, name="export-take"),
    path("p/<str:code>/exports/<int:number>/<str:act>/", releases.act, name="export-act"),
]
