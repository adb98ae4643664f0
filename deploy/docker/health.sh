# Whether nginx serves a file on a port, asked with bash alone, since its image has no Node:
# bash health.sh PORT. nginx.conf leaves the name of this client out of the access log.
set -eu
exec 3<>"/dev/tcp/127.0.0.1/$1"
printf 'GET /favicon.ico HTTP/1.0\r\nHost: localhost\r\nUser-Agent: tandem-health\r\n\r\n' >&3
read -r line <&3
[[ $line == HTTP/1.?\ 200\ * ]]
