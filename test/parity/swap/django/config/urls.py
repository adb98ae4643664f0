"""The URLs of the whole site."""
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path('', RedirectView.as_view(pattern_name='polls:index'), name='home'),
    path('polls/', include('polls.urls')),
]
