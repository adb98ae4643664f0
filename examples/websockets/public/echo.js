const form = document.querySelector('form');
const list = document.querySelector('ul');
const url = new URL('/socket/', location.href);
url.protocol = 'ws:';
const socket = new WebSocket(url);

socket.addEventListener('message', ({ data }) => {
  const item = document.createElement('li');
  item.textContent = data;
  list.append(item);
});
form.addEventListener('submit', (event) => {
  event.preventDefault();
  socket.send(form.elements.text.value);
  form.reset();
});
