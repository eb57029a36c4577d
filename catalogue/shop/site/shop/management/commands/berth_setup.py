"""Brings the shop to what the customer answered, at each start; harmless when repeated."""

import os
from decimal import Decimal

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.core.management.base import BaseCommand
from django.db import transaction
from oscar.apps.catalogue.categories import create_from_breadcrumbs
from oscar.core.loading import get_model

SAMPLES = [("Coffee, 250 g", "Whole beans, roasted this week.", "6.90"),
           ("Mug", "Stoneware, 300 ml.", "12.50"),
           ("Grinder", "By hand, with a ceramic burr.", "39.00")]


class Command(BaseCommand):
    """python manage.py berth_setup"""

    help = "Sets the administrator, the shop's name, and at first some products to look at."

    @transaction.atomic
    def handle(self, *args, **options):
        User = get_user_model()
        mail = os.environ["ADMIN_EMAIL"]
        user = User.objects.filter(email__iexact=mail).first() or User(username="berth-admin", email=mail)
        user.is_staff = user.is_superuser = user.is_active = True
        if not user.check_password(os.environ["ADMIN_PASSWORD"]):
            user.set_password(os.environ["ADMIN_PASSWORD"])
        user.save()
        address = os.environ.get("SHOP_ADDRESS") or "localhost"
        Site.objects.update_or_create(pk=settings.SITE_ID,
                                      defaults={"domain": address, "name": settings.OSCAR_SHOP_NAME[:50]})
        ProductClass, Partner = get_model("catalogue", "ProductClass"), get_model("partner", "Partner")
        # The first of each: a shop without them can add no product. Later ones are the customer's own.
        if not ProductClass.objects.exists():
            partner = Partner.objects.create(name=settings.OSCAR_SHOP_NAME[:128])
            kind = ProductClass.objects.create(name="Goods", track_stock=True, requires_shipping=True)
            if os.environ.get("SAMPLE_PRODUCTS") == "true":
                self.samples(partner, kind)

    def samples(self, partner, kind):
        Product, StockRecord = get_model("catalogue", "Product"), get_model("partner", "StockRecord")
        category = create_from_breadcrumbs("Samples")
        for number, (title, description, price) in enumerate(SAMPLES, 1):
            product = Product.objects.create(title=title, description=description, product_class=kind,
                                             upc=f"sample-{number}")
            product.categories.add(category)
            StockRecord.objects.create(product=product, partner=partner, partner_sku=f"sample-{number}",
                                       price=Decimal(price), price_currency=settings.OSCAR_DEFAULT_CURRENCY,
                                       num_in_stock=20)
