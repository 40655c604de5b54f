"""Where the editor's pages are."""

from django.urls import path

from loop.web.editor import (
    assigning,
    choose,
    claims,
    compare,
    decide,
    dossier,
    drafts,
    media,
    opinions,
    permalink,
    policy,
    queue,
    revealing,
    review,
    views,
)

urlpatterns = [
    path("p/<str:code>/queue/", queue.queue, name="queue"),
    path("p/<str:code>/review/", review.review, name="review"),
    path("p/<str:code>/decide/", decide.decide, name="decide"),
    path("p/<str:code>/drafts/<uuid:uid>/", drafts.draft, name="draft"),
    path("p/<str:code>/briefs/<uuid:uid>/compare/", compare.compare, name="compare"),
    path("p/<str:code>/choose/", choose.choose, name="choose"),
    path("p/<str:code>/claims/", claims.claims, name="claims"),
    path("p/<str:code>/assign/", assigning.assigning, name="assign"),
    path("p/<str:code>/views/", views.save, name="views"),
    path("p/<str:code>/views/<uuid:uid>/", views.change, name="view"),
    path("p/<str:code>/policy/", policy.policy, name="policy"),
    path("p/<str:code>/items/<uuid:uid>/", dossier.dossier, name="dossier"),
    path("p/<str:code>/items/<uuid:uid>/opinion/", opinions.opinion, name="opinion"),
    path("p/<str:code>/items/<uuid:uid>/reveal/", dossier.reveal, name="reveal"),
    path("p/<str:code>/items/<uuid:uid>/text/", revealing.reveal_text, name="reveal-text"),
    path("p/<str:code>/media/<uuid:uid>/state/", media.media_state, name="media-state"),
    path("p/<str:code>/media/<uuid:uid>/retry/", media.media_retry, name="media-retry"),
    path("p/<str:code>/media/<uuid:uid>/<slug:kind>", media.media, name="media"),
    path("d/<uuid:uid>/", permalink.decision, name="decision"),
]
