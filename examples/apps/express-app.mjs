// npx tandem up --app express-app:app
import express from 'express';

export const app = express();

// The proxy in front is the only peer, and it sets X-Forwarded-For itself.
app.set('trust proxy', true);

app.get('/', (request, response) => {
  response.json({ hello: 'Express', client: request.ip, url: request.protocol });
});

app.post('/echo', express.json(), (request, response) => {
  response.json(request.body);
});
