/** The page that says that something went wrong, where no application can. */
import { STATUS_CODES } from 'node:http';

/** Type of `errorPage`. */
export const ERROR_PAGE_TYPE = 'text/html';

/** The reason phrase of a status. */
export function reasonOf(status: number): string {
  return STATUS_CODES[status] ?? 'Unknown';
}

/** ASCII, and nothing in it comes from the request. */
export function errorPage(status: number): string {
  const reason = reasonOf(status);
  return `<html>
  <head>
    <title>${reason}</title>
  </head>
  <body>
    <h1>${reason}</h1>
  </body>
</html>
`;
}
