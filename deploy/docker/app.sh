# Starts a command of the application in the place of this shell: process 1, which gets the signals.
# All workers sign sessions with one key: SECRET_KEY of the environment, or one that is made here
# once and stays in the volume of the data.
set -eu
file=/data/secret-key
if [ -z "${SECRET_KEY:-}" ]; then
  if [ ! -e "$file" ]; then
    (umask 077 && head -c 48 /dev/urandom | base64 -w 0 >"$file.$$")
    ln "$file.$$" "$file" || true # another container was first: its key counts
    rm "$file.$$"
  fi
  SECRET_KEY=$(cat "$file")
fi
export SECRET_KEY
exec "$@"
