// npx tandem up --app fastify-app:app
import fastify from 'fastify';

// The proxy in front is the only peer, and it sets X-Forwarded-For itself.
export const app = fastify({ trustProxy: true });

app.get('/', async (request) => {
  return { hello: 'Fastify', client: request.ip, url: request.protocol };
});

app.post('/echo', async (request) => request.body);
