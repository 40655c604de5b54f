"""Where the registry's pages are."""

from django.urls import path

from loop.web.consent import (
    approving,
    compensation,
    coverage,
    explaining,
    governing,
    granting,
    parties,
    quarantine,
    recalling,
    records,
    withdrawing,
)

urlpatterns = [
    path("p/<str:code>/authorisations/", records.index, name="authorisations"),
    path("p/<str:code>/authorisations.csv", records.download, name="authorisations-csv"),
    path("p/<str:code>/authorisations/new/", granting.new, name="authorisation-new"),
    path("p/<str:code>/authorisations/<uuid:uid>/", records.show, name="authorisation"),
    path("p/<str:code>/authorisations/<uuid:uid>/evidence/", records.evidence, name="authorisation-evidence"),
    path("p/<str:code>/authorisations/<uuid:uid>/withdraw/", withdrawing.withdrawal, name="authorisation-withdraw"),
    path("p/<str:code>/approvals/", approving.index, name="approvals"),
    path("p/<str:code>/approvals.csv", approving.download, name="approvals-csv"),
    path("p/<str:code>/approvals/<uuid:uid>/", approving.show, name="approval"),
    path("p/<str:code>/recalls/", recalling.index, name="recalls"),
    path("p/<str:code>/recalls.csv", recalling.download, name="recalls-csv"),
    path("p/<str:code>/recalls/<uuid:uid>/", recalling.show, name="recall"),
    path("p/<str:code>/compensation/", compensation.index, name="compensation"),
    path("p/<str:code>/compensation.csv", compensation.download, name="compensation-csv"),
    path("p/<str:code>/compensation/<uuid:uid>/", compensation.meet, name="compensation-meet"),
    path("p/<str:code>/parties/", parties.index, name="parties"),
    path("p/<str:code>/parties.csv", parties.download, name="parties-csv"),
    path("p/<str:code>/parties/new/", parties.new, name="party-new"),
    path("p/<str:code>/parties/<uuid:uid>/", parties.change, name="party"),
    path("p/<str:code>/coverage/", coverage.index, name="coverage"),
    path("p/<str:code>/coverage.csv", coverage.download, name="coverage-csv"),
    path("p/<str:code>/ai-use/", governing.index, name="ai-use"),
    path("p/<str:code>/ai-use.csv", governing.download, name="ai-use-csv"),
    path("p/<str:code>/model-terms.csv", governing.terms, name="ai-use-terms-csv"),
    path("p/<str:code>/quarantine/", quarantine.index, name="quarantine"),
    path("p/<str:code>/quarantine.csv", quarantine.download, name="quarantine-csv"),
    path("p/<str:code>/quarantine/<uuid:uid>/", quarantine.let_go, name="quarantine-release"),
    path("p/<str:code>/items/<uuid:uid>/explain/", explaining.explained, name="explain"),
]
