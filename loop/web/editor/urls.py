"""Where the editor's pages are."""

from django.urls import path

from loop.web.editor import decide, dossier, drafts, media, permalink, queue, revealing, review

urlpatterns = [
    path("p/<str:code>/queue/", queue.queue, name="queue"),
    path("p/<str:code>/review/", review.review, name="review"),
    path("p/<str:code>/decide/", decide.decide, name="decide"),
    path("p/<str:code>/drafts/<uuid:uid>/", drafts.draft, name="draft"),
    path("p/<str:code>/items/<uuid:uid>/", dossier.dossier, name="dossier"),
    path("p/<str:code>/items/<uuid:uid>/reveal/", dossier.reveal, name="reveal"),
    path("p/<str:code>/items/<uuid:uid>/text/", revealing.reveal_text, name="reveal-text"),
    path("p/<str:code>/media/<uuid:uid>/state/", media.media_state, name="media-state"),
    path("p/<str:code>/media/<uuid:uid>/retry/", media.media_retry, name="media-retry"),
    path("p/<str:code>/media/<uuid:uid>/<slug:kind>", media.media, name="media"),
    path("d/<uuid:uid>/", permalink.decision, name="decision"),
]
