"""Where the door's pages are: all below /c/, the path that the door's cookie goes to."""

from django.urls import path

from loop.web.contributor import entrance, pages, receipts, withdrawing

urlpatterns = [
    path("c/", pages.home, name="door"),
    path("c/answer/<uuid:uid>/", pages.answer, name="door-answer"),
    path("c/withdraw/", withdrawing.everything, name="door-withdraw-all"),
    path("c/withdraw/<uuid:uid>/", withdrawing.one, name="door-withdraw"),
    path("c/receipt/", receipts.everything, name="door-receipts"),
    path("c/receipt.json", receipts.everything_json, name="door-receipts-json"),
    path("c/receipt/<uuid:uid>/", receipts.one, name="door-receipt"),
    path("c/receipt/<uuid:uid>.json", receipts.one_json, name="door-receipt-json"),
    path("c/leave/", entrance.leave, name="door-leave"),
    path("c/close/", pages.close, name="door-close"),
    path("c/<str:secret>/", entrance.enter, name="door-enter"),
]
