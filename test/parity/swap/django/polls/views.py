"""What each page of the polls answers."""
from django.db.models import F
from django.shortcuts import get_object_or_404, redirect, render
from django.views import View, generic

from .models import Question


class IndexView(generic.ListView):
    """The latest questions, page by page."""

    template_name = 'polls/index.html'
    context_object_name = 'questions'
    paginate_by = 10

    def get_queryset(self):
        return Question.objects.published().with_votes()


class DetailView(generic.DetailView):
    """One question with the form to vote."""

    template_name = 'polls/detail.html'

    def get_queryset(self):
        return Question.objects.published()


class ResultsView(generic.DetailView):
    """The votes of one question."""

    template_name = 'polls/results.html'

    def get_queryset(self):
        return Question.objects.published().with_votes()


class VoteView(View):
    """Counts a vote and leads to the results; without a choice shows the form again."""

    def post(self, request, pk):
        question = get_object_or_404(Question.objects.published(), pk=pk)
        wanted = request.POST.get('choice', '')
        choice = next((one for one in question.choices.all() if str(one.pk) == wanted), None)
        if choice is None:
            error = "You didn't select a choice."
            return render(request, 'polls/detail.html', {'question': question, 'error': error})
        # The database does the addition, so votes that several workers cast at once all count.
        question.choices.filter(pk=choice.pk).update(votes=F('votes') + 1)
        return redirect('polls:results', question.pk)
