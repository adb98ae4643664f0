// `npm run endurance -- SCENARIO`: runs one scenario with Node's own runner.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' }, out: { type: 'string' } },
});
const known = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.endurance.ts'))
  .map((name) => name.slice(0, -'.endurance.ts'.length));
const [scenario] = positionals;
const seconds = Number(values.seconds);
if (
  !known.includes(scenario ?? '') ||
  positionals.length !== 1 ||
  !(seconds >= 5 && seconds <= 3600)
) {
  console.error(
    `usage: npm run endurance -- ${known.join('|')} [--seconds 5..3600] [--out FOLDER]`,
  );
  process.exit(2);
}
const file = join(import.meta.dirname, `${scenario}.endurance.ts`);
const child = spawn(process.execPath, ['--test', '--test-reporter=spec', file], {
  stdio: 'inherit',
  env: {
    ...process.env,
    NODE_NO_WARNINGS: '1',
    ENDURANCE_SECONDS: String(seconds),
    ...(values.out === undefined ? {} : { ENDURANCE_OUT: values.out }),
  },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
