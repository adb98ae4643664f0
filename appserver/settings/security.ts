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

A longer one gets 414. 0 means the largest value, 8190.`,
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

A request with more gets 431. 0 and values above 32768 mean the largest value, 32768.`,
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

The name, the colon, the value and the line end count. A longer field gets 431. 0 means the default, 8190.`,
  }),
] as const;
