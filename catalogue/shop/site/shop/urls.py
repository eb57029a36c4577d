"""The shop's addresses: Oscar's, its customers' pictures, and the health check."""

from django.apps import apps
from django.conf import settings
from django.http import HttpResponse
from django.urls import include, path
from django.views.static import serve


def healthy(request):
    """The database answers, and can be written: the least that an order needs."""
    from django.contrib.sessions.models import Session

    Session.objects.filter(session_key="berth-health").delete()
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [
    path(".well-known/berth/health", healthy),
    path("i18n/", include("django.conf.urls.i18n")),
    path("media/<path:path>", serve, {"document_root": settings.MEDIA_ROOT}),
    path("", include(apps.get_app_config("oscar").urls[0])),
]
