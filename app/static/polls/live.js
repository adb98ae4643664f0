/**
 * Live results: keeps the page of results at the present votes, which a stream of events tells. The
 * page works without; then it shows the votes as they were when it was asked for.
 */

/** Waits before a stream that was refused is asked for again, in milliseconds. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

/** Screen readers are told the news at most so often, in milliseconds. */
const NEWS_GAP_MS = 10_000;

const list = document.querySelector('[data-stream]');
const state = document.querySelector('.live');
const news = document.querySelector('[role="status"].visually-hidden');

const language = document.documentElement.lang;
const numbers = new Intl.NumberFormat(language);
const percents = new Intl.NumberFormat(language, { style: 'percent' });
const plurals = new Intl.PluralRules(language);
const isCalm = matchMedia('(prefers-reduced-motion: reduce)');

let source;
let waitMs = FIRST_WAIT_MS;
let timer;

function open() {
  clearTimeout(timer);
  source?.close();
  source = new EventSource(list.dataset.stream);
  source.onopen = () => {
    waitMs = FIRST_WAIT_MS;
    showState(true);
  };
  source.onmessage = ({ data }) => show(JSON.parse(data));
  source.onerror = () => {
    showState(false);
    // A browser asks again by itself where a stream ends, and gives up where one is refused.
    if (source.readyState === EventSource.CLOSED) askLater();
  };
}

function close() {
  clearTimeout(timer);
  source?.close();
  source = undefined;
}

function askLater() {
  timer = setTimeout(ask, waitMs * (0.5 + Math.random()));
  waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
}

/** Opens the stream where it is there again; a question that has gone has none any more. */
async function ask() {
  const url = list.dataset.stream;
  const status = await fetch(url, { method: 'HEAD', cache: 'no-store' }).then(
    (response) => response.status,
    () => 0,
  );
  if (document.hidden) return;
  if (status === 200) open();
  else if (status === 404) state.hidden = true;
  else askLater();
}

function showState(isLive) {
  state.hidden = false;
  state.classList.toggle('is-live', isLive);
  state.textContent = isLive ? list.dataset.live : list.dataset.lost;
}

function show({ total, isClosed, choices }) {
  const rows = new Map([...list.children].map((row) => [Number(row.dataset.choice), row]));
  const isSame = choices.length === rows.size && choices.every(({ id }) => rows.has(id));
  if (isClosed || !isSame) {
    // More has changed than the votes. The page of a closed question follows no stream.
    location.reload();
    return;
  }
  for (const choice of choices) showChoice(rows.get(choice.id), choice, total);
  setText(document.querySelector('.meta .votes'), votesText(total));
  tellNews(
    total,
    choices.filter(({ leads }) => leads).map(({ id }) => nameOf(rows.get(id))),
  );
}

function showChoice(row, { votes, percent, leads }, total) {
  const share = percents.format(percent / 100);
  const bar = row.querySelector('progress');
  bar.max = Math.max(total, 1);
  bar.value = votes;
  setText(bar, share);
  row.classList.toggle('leads', leads);
  row.querySelector('.badge').hidden = !leads;
  setText(row.querySelector('strong'), share);
  if (setText(row.querySelector('.votes'), votesText(votes))) flash(row);
}

/** Says whether the text is another one than before. */
function setText(element, text) {
  if (element.textContent === text) return false;
  element.textContent = text;
  return true;
}

function flash(row) {
  if (isCalm.matches) return;
  row.querySelector('.result-share').animate({ opacity: [0.3, 1] }, { duration: 600 });
}

function votesText(count) {
  const forms = JSON.parse(list.dataset.votes);
  return forms[plurals.select(count)].replace('{count}', numbers.format(count));
}

function nameOf(row) {
  return row.querySelector('.choice-text').textContent;
}

let shownTotal;
let newsText = '';
let newsTimer;

/** The first tally is what the page says anyway; the latest of many is told after a while. */
function tellNews(total, leaders) {
  const isNews = shownTotal !== undefined && shownTotal !== total;
  shownTotal = total;
  if (!isNews || leaders.length === 0) return;
  newsText = list.dataset.news
    .replace('{votes}', () => votesText(total))
    .replace('{choices}', () => leaders.join(', '));
  if (newsTimer !== undefined) return;
  news.textContent = newsText;
  newsTimer = setTimeout(() => {
    newsTimer = undefined;
    setText(news, newsText);
  }, NEWS_GAP_MS);
}

/** A hidden page needs no news, and browsers have few connections for each site. */
function openWhereSeen() {
  if (document.hidden) close();
  else open();
}

if (list !== null) {
  document.addEventListener('visibilitychange', openWhereSeen);
  openWhereSeen();
}
