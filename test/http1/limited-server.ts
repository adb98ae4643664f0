// A worker in miniature: accepts on descriptor 3 with a limit, tells its counts on request.
import { Accounts } from '../../http1/accounts.ts';
import { listen } from '../../http1/listener.ts';
import { serverOptions } from '../../http1/options.ts';
import { nginxHeadLimits } from '../../wire/head.ts';

const accounts = new Accounts({ connectionLimit: Number(process.argv[2]) });
let most = 0;
const listener = await listen(
  { fd: 3 },
  Number(process.argv[3]),
  {
    accounts,
    server: serverOptions({ headLimits: nginxHeadLimits() }),
    isPlain: process.argv[4] === 'plain',
  },
  {
    handle(exchange) {
      most = Math.max(most, accounts.active);
      const content = `${most} ${accounts.accepted}`;
      exchange.writeHead(200, 'OK', '', content.length);
      exchange.end(content);
    },
    refuse: (exchange) => exchange.abort(),
  },
);
process.send?.({ canPause: listener.canPause });
process.on('disconnect', () => process.exit(0));
