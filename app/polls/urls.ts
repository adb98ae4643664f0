/** The URLs of the polls, below the prefix that `config/urls.ts` gives them. */

import { path } from '../framework/urls.ts';
import { exportCsv } from './export.ts';
import { resultsStream } from './live.ts';
import { download, reports } from './reports.ts';
import { resultsJson } from './results.ts';
import { detail, index, results, vote } from './views.ts';

export const appName = 'polls';

export const urlpatterns = [
  path('', index, 'index'),
  path('export.csv', exportCsv, 'export'),
  path('reports/', reports, 'reports'),
  path('reports/<str:name>', download, 'report'),
  path('<int:questionId>/', detail, 'detail'),
  path('<int:questionId>/vote/', vote, 'vote'),
  path('<int:questionId>/results/', results, 'results'),
  path('<int:questionId>/results.json', resultsJson, 'results_json'),
  path('<int:questionId>/results/stream/', resultsStream, 'results_stream'),
];
