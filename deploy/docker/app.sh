# Starts a command of the application in the place of this shell: process 1, which gets the signals.
# All workers sign sessions with one key: SECRET_KEY of the environment, or else the content of
# SECRET_KEY_FILE, which is made here where there is none; it stays in the volume of the data.
set -eu
file=${SECRET_KEY_FILE:-/data/secret-key}
if [ -z "${SECRET_KEY:-}" ]; then
  if [ ! -e "$file" ]; then
    new=$(mktemp "$file.XXXXXX")
    head -c 48 /dev/urandom | base64 -w 0 >"$new"
    ln "$new" "$file" 2>/dev/null || [ -e "$file" ] # another container was first: its key counts
    rm "$new"
  fi
  SECRET_KEY=$(cat "$file")
fi
export SECRET_KEY
exec "$@"
