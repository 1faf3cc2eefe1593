# Runs a throw-away PostgreSQL server for as long as the other end of standard input is open: only the process
# that wanted the server holds it, so its end, whatever the cause, ends the server and removes its folder.
# Arguments: folder of the programs, port, settings, folders in which the server's own may be made.
# Environment: where PGHOST is set, that server is copied, and followed as a hot standby.
# Standard input: the password, then "keep" to let the server outlive this script, "stop" to end it all the same,
# "crash" to end it as "pg_ctl stop -m immediate" does and start it again.
# Standard output: the folder and the server's process id; its end tells that the server is gone.

# The process may end before it reads what is printed here: that must not end us before the server.
trap '' PIPE
umask 077
IFS= read -r password || exit 1
binaries=$1 port=$2 settings=$3
shift 3

directory=
for parent do
	directory=$(mktemp -d "$parent/postern-XXXXXXXX") && break
done
[ -n "$directory" ] || exit 1
data=$directory/data

initialize() {
	"$binaries/initdb" --pgdata="$data" --username=postgres --pwfile="$directory/password" --encoding=UTF8 \
		--locale="$1" --auth-local=scram-sha-256 --auth-host=scram-sha-256 --no-sync --no-instructions
}

(
	# The server keeps descriptor 3 open: it is how our reader learns of its end.
	exec 3>&1 >>"$directory/server.log" 2>&1
	cd "$directory" || exit 1
	printf '%s\n' "$password" >"$directory/password"
	if [ -n "${PGHOST-}" ]; then
		"$binaries/pg_basebackup" --pgdata="$data" --write-recovery-conf --checkpoint=fast --no-sync || exit 1
	else
		# C.UTF-8 is not on every system.
		initialize C.UTF-8 || { rm -rf "$data"; initialize C; } || exit 1
	fi
	rm -f "$directory/password"
	printf '%s\n' "$settings" "listen_addresses = '127.0.0.1'" "port = $port" \
		"unix_socket_directories = '$directory'" >>"$data/postgresql.conf"
	exec "$binaries/postgres" -D "$data"
) &
server=$!
printf '%s\n' "$directory" "$server"
exec >&-

kept=
while IFS= read -r word; do
	case $word in
	keep) kept=yes ;;
	stop) kept=; break ;;
	crash)
		kill -QUIT "$server"
		wait "$server"
		"$binaries/postgres" -D "$data" >>"$directory/server.log" 2>&1 &
		server=$!
		;;
	esac
done
[ -z "$kept" ] || exit 0

# Again and again: while initdb runs, nobody listens to the signal yet.
while kill -QUIT "$server" 2>/dev/null; do
	sleep 0.05
done
rm -rf "$directory"
