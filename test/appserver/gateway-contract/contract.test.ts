/** docs/gateway-interface.md, held by every shape of application in turn. */
import { test } from 'node:test';
import { checkFailures } from './failures.ts';
import { checkLife } from './life.ts';
import { checkRequests } from './requests.ts';
import { checkResponses } from './responses.ts';
import { SHAPES } from './shapes.ts';
import { startSubject } from './subject.ts';

for (const shape of SHAPES) {
  test(`${shape.name} keeps the contract`, async (t) => {
    const subject = await startSubject(t, shape);
    await checkRequests(t, subject);
    await checkResponses(t, subject);
    await checkFailures(t, subject);
    await checkLife(t, subject);
  });
}
