# Starts a front, Tandem's or nginx, in the place of this shell: process 1, which gets the signals.
# run/ of nginx.conf is empty memory at first; these links lead what the file names there to the
# volumes of the application, to the image's static files and to the log of the container.
set -eu
ln -sfn /socket/app.sock run/app.sock
ln -sfn /protected run/protected
ln -sfn ../static run/static
ln -sfn /dev/stdout run/access.log
exec "$@"
