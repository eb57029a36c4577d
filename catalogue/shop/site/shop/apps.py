"""What makes Oscar this shop: one price for shipping, and a database that readers and a writer share."""

from decimal import Decimal

from django.apps import AppConfig
from django.conf import settings
from django.db.backends.signals import connection_created


def share(sender, connection, **kwargs):
    """Readers go on while somebody writes, and what was committed outlives a power cut."""
    with connection.cursor() as cursor:
        cursor.execute("pragma journal_mode = wal")
        cursor.execute("pragma synchronous = full")


def how_to_pay(request):
    """For the pages of the checkout."""
    return {"payment_text": settings.PAYMENT_TEXT}


class ShopConfig(AppConfig):
    """Set up when Django starts."""

    name = "shop"

    def ready(self):
        from oscar.apps.shipping import methods, repository

        connection_created.connect(share)
        price = Decimal(settings.SHIPPING_PRICE)
        method = methods.FixedPrice(charge_excl_tax=price, charge_incl_tax=price) if price else methods.Free()
        repository.Repository.methods = [method]
