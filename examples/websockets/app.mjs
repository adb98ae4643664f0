// An echo over WebSockets, with the package ws. A (req, res) app would export an http.Server
// that has an `upgrade` listener instead.
import { WebSocketServer } from 'ws';

const sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 });

/** Says goodbye when the worker stops; clients connect again, to its successor. */
export function startup(worker) {
  worker.stopping.addEventListener('abort', () => {
    for (const socket of sockets.clients) socket.close(1001);
  });
}

export default {
  fetch(request, gateway) {
    // Any site may open a WebSocket to yours, with your visitor's cookies: look where it comes from.
    const origin = request.headers.get('origin');
    if (origin !== null && URL.parse(origin)?.host !== request.headers.get('host')) {
      return new Response('wrong origin\n', { status: 403 });
    }
    const offer = gateway.upgrade();
    if (offer === undefined) return new Response('a WebSocket, please\n', { status: 400 });
    sockets.handleUpgrade(offer.request, offer.socket, offer.head, (socket) => {
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    return new Response(null);
  },
};
