"""The URLs of the polls, below the prefix that config/urls.py gives them."""
from django.urls import path

from . import views

app_name = 'polls'

urlpatterns = [
    path('', views.IndexView.as_view(), name='index'),
    path('<int:pk>/', views.DetailView.as_view(), name='detail'),
    path('<int:pk>/vote/', views.VoteView.as_view(), name='vote'),
    path('<int:pk>/results/', views.ResultsView.as_view(), name='results'),
]
