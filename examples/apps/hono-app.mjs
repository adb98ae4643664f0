// npx tandem up --app hono-app:app
import { Hono } from 'hono';

export const app = new Hono();

// `c.env` is the gateway: what the pool knows of the client.
app.get('/', (c) => {
  return c.json({ hello: 'Hono', client: c.env.clientAddress, url: c.env.scheme });
});

app.post('/echo', async (c) => c.json(await c.req.json()));
