"""Questions and their choices."""
from django.db import models
from django.utils import timezone


class QuestionQuerySet(models.QuerySet):
    def published(self):
        """Those whose time has come, newest first."""
        return self.filter(pub_date__lte=timezone.now()).order_by('-pub_date', '-id')

    def with_votes(self):
        """Each with the votes of all its choices."""
        return self.annotate(votes=models.functions.Coalesce(models.Sum('choices__votes'), 0))


class Question(models.Model):
    question_text = models.CharField(max_length=200)
    pub_date = models.DateTimeField(db_index=True)

    objects = QuestionQuerySet.as_manager()

    def __str__(self):
        return self.question_text

    def tally(self):
        """The choices, each with its share in percent and whether it leads."""
        choices = list(self.choices.all())
        most = max((choice.votes for choice in choices), default=0)
        for choice in choices:
            # Halves are rounded up; round() would take them to the even neighbour.
            choice.percent = (200 * choice.votes + self.votes) // (2 * self.votes or 1)
            choice.leads = choice.votes == most > 0
        return choices


class Choice(models.Model):
    question = models.ForeignKey(Question, models.CASCADE, related_name='choices')
    choice_text = models.CharField(max_length=200)
    votes = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ['id']

    def __str__(self):
        return self.choice_text
