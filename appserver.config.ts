/**
 * Settings of the pool that runs the application behind nginx.conf, with Gunicorn's names.
 * `tandem-appserver` reads this file from the folder it is started in, at the start and on every
 * HUP; its command line comes first. All settings: docs/settings.md.
 */

/** What the pool runs: the export `application` of app/server.ts. */
export const wsgi_app = 'app/server:application';

/** Where the front tier finds the pool: the same path as `server unix:` in nginx.conf. */
export const bind = 'unix:run/app.sock';

/** Worker processes. One per core is a fair start where the application computes. */
export const workers = Number(process.env['WEB_CONCURRENCY'] || 2);

/**
 * Seconds that an idle connection of the front tier stays open. It must be longer than the
 * `keepalive_timeout` of the upstream in nginx.conf (1 s), so that the front closes first and no
 * request meets a connection that is just going away.
 */
export const keepalive = 5;

/**
 * `-` writes a line per request to standard output, `null` none. The containers say ACCESS_LOG=off: the
 * front has a line for each request already, and here there would be one for each health check.
 */
export const accesslog = process.env['ACCESS_LOG'] === 'off' ? null : '-';
