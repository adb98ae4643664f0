/**
 * The chat: shows what is said as it is said, and sends what somebody writes. Without it the page
 * shows the messages as they were when it was asked for.
 */

/** Waits before a lost connection is made again, in milliseconds. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/** Messages that the page keeps; older ones go. */
const MOST_SHOWN = 200;

/** The site closes so where it wants no more of this client (RFC 6455 7.4.1). */
const POLICY_VIOLATION = 1008;

const chat = document.querySelector('.chat');
const log = chat.querySelector('[role="log"]');
const list = log.querySelector('ol');
const empty = chat.querySelector('.chat-empty');
const state = chat.querySelector('.live');
const form = chat.querySelector('form');
const error = chat.querySelector('.error');
const { text: textField, name: nameField } = form.elements;

const times = new Intl.DateTimeFormat(chat.dataset.locale, {
  dateStyle: 'medium',
  timeStyle: 'short',
});

let socket;
let waitMs = FIRST_WAIT_MS;
let timer;
let lastText = '';

function connect() {
  clearTimeout(timer);
  const url = new URL(chat.dataset.socket, location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  socket = new WebSocket(url);
  socket.onmessage = ({ data }) => take(JSON.parse(data));
  socket.onclose = ({ code }) => {
    if (code === POLICY_VIOLATION) {
      showState(false, chat.dataset.refused);
      return;
    }
    showState(false, chat.dataset.lost);
    timer = setTimeout(connect, waitMs * (0.5 + Math.random()));
    waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
  };
}

function take(said) {
  if (said.type === 'hello') greet(said.name);
  else if (said.type === 'messages') showMessages(said.messages);
  else if (said.type === 'error') showError(said.text);
}

function greet(name) {
  waitMs = FIRST_WAIT_MS;
  showState(true, chat.dataset.live);
  if (nameField) nameField.placeholder = name;
}

function showState(isLive, text) {
  state.hidden = false;
  state.classList.toggle('is-live', isLive);
  if (state.textContent !== text) state.textContent = text;
}

/** What was not taken comes back into its field, unless something new stands there. */
function showError(text) {
  error.textContent = text;
  if (textField.value === '') textField.value = lastText;
}

function showMessages(messages) {
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  for (const message of messages) showMessage(message);
  while (list.children.length > MOST_SHOWN) list.firstElementChild.remove();
  empty.hidden = list.children.length > 0;
  if (isAtEnd) scrollToEnd();
}

/** In the order of their numbers; one that is there already is not shown again. */
function showMessage({ id, author, text, at }) {
  let before = list.lastElementChild;
  while (before !== null && Number(before.dataset.id) > id) before = before.previousElementSibling;
  if (before !== null && Number(before.dataset.id) === id) return;
  const item = document.createElement('li');
  item.dataset.id = id;
  const head = element('p', 'chat-head');
  head.append(element('bdi', 'chat-author', author), ' ', timeOf(at));
  const body = element('p', 'chat-text', text);
  body.dir = 'auto';
  item.append(head, body);
  if (before === null) list.prepend(item);
  else before.after(item);
}

function element(name, className, text = '') {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function timeOf(at) {
  const time = element('time', '', times.format(new Date(at)));
  time.dateTime = at;
  return time;
}

function scrollToEnd() {
  log.scrollTop = log.scrollHeight;
}

function send(event) {
  event.preventDefault();
  error.textContent = '';
  // What cannot be sent stays in its field.
  if (socket.readyState !== WebSocket.OPEN) return;
  lastText = textField.value;
  socket.send(JSON.stringify({ text: lastText, name: nameField?.value ?? '' }));
  textField.value = '';
  textField.focus();
}

function start() {
  // The site wrote the times of its own zone; from now on they are the reader's.
  for (const time of list.querySelectorAll('time')) {
    time.textContent = times.format(new Date(time.dateTime));
  }
  form.hidden = false;
  chat.querySelector('.chat-silent').hidden = true;
  form.addEventListener('submit', send);
  nameField?.addEventListener('change', () => sessionStorage.setItem('chat-name', nameField.value));
  if (nameField) nameField.value = sessionStorage.getItem('chat-name') ?? '';
  document.addEventListener('visibilitychange', () => {
    const isLost =
      socket.readyState === WebSocket.CLOSED && state.textContent === chat.dataset.lost;
    if (!document.hidden && isLost) connect();
  });
  scrollToEnd();
  connect();
}

start();
