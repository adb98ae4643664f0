/** Votes through the application in a process of its own: `node voter.ts COUNT`. Fails where one is refused. */

import { application, shutdown, startup } from '../../app/server.ts';

// A CSRF secret's own text is a token too.
const token = 'A'.repeat(43);

await startup();
const count = Number(process.argv[2]);
for (let i = 0; i < count; i++) {
  const response = await application.fetch(
    new Request('http://polls.test/polls/1/vote/', {
      method: 'POST',
      headers: { Cookie: `csrftoken=${token}`, 'X-CSRFToken': token },
      body: new URLSearchParams({ choice: '1' }),
    }),
  );
  if (response.status !== 303) throw new Error(`vote ${i} was answered ${response.status}`);
}
await shutdown();
