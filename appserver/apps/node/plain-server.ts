/** The server to run where an application brings one that speaks TLS: that is the front's part. */
import { Server as HttpServer } from 'node:http';
import { Server as HttpsServer } from 'node:https';

type Listener = (...args: unknown[]) => void;

const EVENTS = ['request', 'checkContinue', 'checkExpectation', 'upgrade', 'clientError'] as const;

/** The server itself; for one of node:https another one with the same listeners. */
export function plainServer(server: HttpServer | HttpsServer): HttpServer {
  if (!(server instanceof HttpsServer)) return server;
  const plain = new HttpServer();
  for (const event of EVENTS) {
    for (const listener of server.listeners(event) as Listener[]) {
      plain.on(event, (...args: unknown[]) => Reflect.apply(listener, server, args));
    }
  }
  return plain;
}
