import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gunicornHeadLimits, type HeadLimits, nginxHeadLimits } from '../../wire/head.ts';
import { type Reading, readByteByByte, readRequests } from './read-requests.ts';

interface Expected {
  readonly method: string;
  readonly target: string;
  readonly version: number;
  readonly fields: readonly string[];
  readonly content: string;
  readonly trailers?: readonly string[];
}

interface Case {
  readonly name: string;
  readonly rule: string;
  readonly dialect?: 'nginx';
  readonly requests?: readonly Expected[];
  readonly status?: number;
  readonly kind?: string;
  readonly cutOff?: boolean;
}

const FOLDER = import.meta.dirname;
/** A long case is split at this many places, spread evenly; the others at every byte. */
const MOST_SPLITS = 400;

function summary(reading: Reading): unknown {
  return {
    requests: reading.requests.map(({ head, content, trailers, isComplete }) => ({
      method: head.method,
      target: head.target,
      version: head.version,
      fields: head.fields,
      content,
      trailers,
      isComplete,
    })),
    status: reading.problem?.status,
    kind: reading.problem?.kind,
    isCutOff: reading.problem === undefined && reading.isCutOff,
  };
}

/** The same outcome however the bytes arrive. */
function assertSplitsAgree(bytes: Buffer, limits: HeadLimits): Reading {
  const whole = readRequests(bytes, limits);
  const expected = summary(whole);
  const step = Math.max(1, Math.floor(bytes.length / MOST_SPLITS));
  for (let split = 1; split < bytes.length; split += step) {
    const reading = readRequests(bytes, limits, split);
    assert.deepEqual(summary(reading), expected, `split at byte ${split}`);
  }
  assert.deepEqual(summary(readByteByByte(bytes, limits)), expected, 'byte by byte');
  return whole;
}

describe('our own raw requests are read alike in one piece and split at every byte', () => {
  const cases: Case[] = JSON.parse(readFileSync(join(FOLDER, 'expectations.json'), 'utf8'));
  for (const each of cases) {
    it(`${each.name}: ${each.rule}`, () => {
      const bytes = readFileSync(join(FOLDER, 'cases', `${each.name}.raw`));
      const limits = each.dialect === 'nginx' ? nginxHeadLimits() : gunicornHeadLimits();
      const reading = assertSplitsAgree(bytes, limits);
      assert.equal(reading.problem?.status, each.status, reading.problem?.message);
      assert.equal(reading.problem?.kind, each.kind);
      if (each.status === undefined) {
        const isComplete = each.cutOff === undefined;
        const requests = each.requests!.map((request) => ({
          trailers: [],
          isComplete,
          ...request,
        }));
        assert.deepEqual((summary(reading) as { requests: unknown }).requests, requests);
        assert.equal(reading.isCutOff, each.cutOff ?? false);
      }
    });
  }

  it('every raw file has its expectation', () => {
    const names = readdirSync(join(FOLDER, 'cases')).map((file) => file.replace('.raw', ''));
    assert.deepEqual(names.sort(), cases.map((each) => each.name).sort());
  });
});

/** Settings of Gunicorn that a case assumes, as limits. Host is asked for by the server's test. */
const READING = { requireHost: false, allowInnerCodings: true } as const;
const SETTINGS: Readonly<Record<string, HeadLimits>> = {
  '': { ...gunicornHeadLimits(), ...READING },
  'limit_request_field_size=10': { ...gunicornHeadLimits(4094, 100, 10), ...READING },
  'limit_request_field_size=98': { ...gunicornHeadLimits(4094, 100, 98), ...READING },
  'limit_request_fields=2': { ...gunicornHeadLimits(4094, 2), ...READING },
  '"header_map=""refuse"""': { ...gunicornHeadLimits(), ...READING, underscores: 'refuse' },
  'permit_unconventional_http_method=True': {
    ...gunicornHeadLimits(),
    ...READING,
    methods: 'token',
  },
};

/** Cases that are not read here, and why. */
const NOT_READ: Readonly<Record<string, string>> = {
  compat_obs_fold: 'folded lines are refused always: RFC 9112 5.2 lets a server do so',
  pp_04: 'the PROXY protocol stands before HTTP and is read by the listener',
  '099': 'the file is cut short: its content ends before its Content-Length',
};

const SHARED = join(FOLDER, '../../../shared/http-cases');
const skip = existsSync(SHARED) ? false : `SKIPPED: ${SHARED} is not there, its cases are not run`;

if (skip !== false) console.error(skip);

describe("Gunicorn's raw requests", { skip }, () => {
  if (skip !== false) return;
  const [, ...rows] = readFileSync(join(SHARED, 'expectations.tsv'), 'utf8').trim().split(/\r?\n/);
  for (const row of rows) {
    const [kind = '', name = '', , status = '', setting = ''] = row.split('\t');
    const bytes = readFileSync(join(SHARED, kind, `${name}.raw`));
    it(`${kind} ${name}`, { skip: NOT_READ[name] ?? false }, () => {
      const limits = SETTINGS[setting];
      assert.ok(limits !== undefined, `no limits for the setting ${setting}`);
      const reading = assertSplitsAgree(bytes, limits);
      if (kind === 'invalid') assertRefused(reading, status);
      else assertRead(reading, join(SHARED, 'valid', `${name}.json`));
    });
  }
});

function assertRefused(reading: Reading, status: string): void {
  if (status === 'close') assert.ok(reading.isCutOff);
  else if (status === 'body-read error') assert.equal(reading.problem?.kind, 'content');
  else if (reading.problem?.kind !== 'content')
    assert.equal(String(reading.problem?.status), status);
  assert.ok(reading.requests.every((request) => !request.isComplete));
}

interface GunicornRequest {
  readonly method: string;
  readonly uri: string;
  readonly version: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body_b64: string;
  readonly trailers: readonly (readonly [string, string])[];
}

function upperCased(fields: readonly string[]): string[][] {
  const pairs: string[][] = [];
  for (let index = 0; index < fields.length; index += 2) {
    pairs.push([fields[index]!.toUpperCase(), fields[index + 1]!]);
  }
  return pairs;
}

function assertRead(reading: Reading, file: string): void {
  const expected: GunicornRequest[] = JSON.parse(readFileSync(file, 'utf8')).requests;
  assert.equal(reading.problem, undefined);
  // After "Connection: close" Gunicorn reads no further request.
  const requests = reading.requests.slice(0, expected.length);
  assert.equal(requests.length, expected.length);
  for (const [index, request] of requests.entries()) {
    const wanted = expected[index]!;
    assert.equal(request.head.method, wanted.method);
    assert.equal(request.head.target, wanted.uri);
    assert.equal(request.head.version, Number(wanted.version.replace('.', '')));
    assert.deepEqual(upperCased(request.head.fields), wanted.headers);
    assert.equal(Buffer.from(request.content, 'latin1').toString('base64'), wanted.body_b64);
    assert.deepEqual(upperCased(request.trailers), wanted.trailers);
    assert.ok(request.isComplete);
  }
}
