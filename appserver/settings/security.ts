/** Gunicorn's section "Security". */
import { checkPositiveInteger } from './checks.ts';
import { setting } from './setting.ts';

export const security = [
  setting({
    name: 'limit_request_line',
    section: 'Security',
    cli: ['--limit-request-line'],
    kind: 'int',
    meta: 'INT',
    default: 4094,
    unit: 'bytes',
    check: checkPositiveInteger,
    doc: `The maximum size of HTTP request line in bytes.

A longer one is answered with 414. 0 stands for the largest value, 8190.`,
  }),
  setting({
    name: 'limit_request_fields',
    section: 'Security',
    cli: ['--limit-request-fields'],
    kind: 'int',
    meta: 'INT',
    default: 100,
    unit: 'fields',
    check: checkPositiveInteger,
    doc: `Limit the number of HTTP headers fields in a request.

More are answered with 431. 0 and values above it stand for the largest value, 32768.`,
  }),
  setting({
    name: 'limit_request_field_size',
    section: 'Security',
    cli: ['--limit-request-field_size'],
    kind: 'int',
    meta: 'INT',
    default: 8190,
    unit: 'bytes',
    check: checkPositiveInteger,
    doc: `Limit the allowed size of an HTTP request header field.

Name, colon, value and line end count. A longer field is answered with 431. 0 stands for the default, 8190.`,
  }),
] as const;
