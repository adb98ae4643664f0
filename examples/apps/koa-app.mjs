// npx tandem up --app koa-app:app
import Koa from 'koa';

// The proxy in front is the only peer, and it sets X-Forwarded-For itself.
export const app = new Koa({ proxy: true });

app.use(async (context) => {
  const { method, path } = context;
  if (method === 'GET' && path === '/') {
    context.body = { hello: 'Koa', client: context.ip, url: context.protocol };
  } else if (method === 'POST' && path === '/echo') {
    let text = '';
    for await (const piece of context.req.setEncoding('utf8')) text += piece;
    context.body = JSON.parse(text);
  }
});
