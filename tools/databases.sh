#!/usr/bin/env bash
# Private throw-away servers for tests, races and benchmarks: PostgreSQL and MariaDB, each with its
# own data folder, socket and port on 127.0.0.1, every safety on; and Redis as a cache, without any.
#
#   tools/databases.sh run COMMAND…       starts them, runs COMMAND, stops them and removes all
#   tools/databases.sh start FOLDER       starts them (again) in FOLDER, prints the settings
#   tools/databases.sh stop FOLDER        stops them; the data stay
#   tools/databases.sh kill FOLDER NAME   ends one at once, as a crash would: postgres, mariadb or
#                                         redis
#
# COMMAND finds TIEBREAK_TEST_POSTGRES_URL, TIEBREAK_TEST_MARIADB_URL, TIEBREAK_TEST_REDIS_URL and
# TIEBREAK_TEST_SERVERS (the folder). Data are in memory (/dev/shm) when there is room, else in
# TMPDIR; TIEBREAK_SERVERS_IN names another place, for example on a disk that shall be measured.
# ENGINES="postgres" starts one. TLS=on: the database servers also take encrypted connections, with
# the certificate FOLDER/postgres/certificate or FOLDER/mariadb/certificate, which is its own
# authority, also for clients, and names 127.0.0.1.
set -euo pipefail

usage() { sed -n '2,17s/^# \{0,1\}//p' "$0"; }
say() { echo "databases: $*" >&2; }

engines=${ENGINES:-postgres mariadb redis}
postgres_bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1 || true)

# Who a server runs as: neither may be root.
account() {
  if [ "$(id -u)" -ne 0 ]; then id -un; return; fi
  case $1 in postgres) echo postgres ;; mariadb) echo mysql ;; redis) echo redis ;; esac
}

# as ENGINE COMMAND…: in that account, and ended when this shell ends.
as() {
  local who
  who=$(account "$1")
  shift
  if [ "$(id -u)" -eq 0 ]; then
    exec setpriv --reuid "$who" --regid "$who" --init-groups "$@"
  fi
  exec "$@"
}

free_port() {
  python3 -c 'import socket
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    print(s.getsockname()[1])'
}

# What PostgreSQL keeps of a password. An instrumented client takes 25 ms for the 4096 rounds that are
# its default, more than for the rest of connecting.
scram_of() {
  python3 -c 'import base64, hashlib, hmac, os, sys
rounds, salt = 16, os.urandom(16)
salted = hashlib.pbkdf2_hmac("sha256", sys.argv[1].encode(), salt, rounds)
key = lambda name: hmac.digest(salted, name, "sha256")
text = lambda raw: base64.b64encode(raw).decode()
stored, server = hashlib.sha256(key(b"Client Key")).digest(), key(b"Server Key")
print(f"SCRAM-SHA-256${rounds}:{text(salt)}${text(stored)}:{text(server)}")' "$1"
}

make_certificate() { # ENGINE FOLDER
  (as "$1" openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
    -subj /CN=tests -addext subjectAltName=IP:127.0.0.1 \
    -keyout "$2/key" -out "$2/certificate") >"$2/make.log" 2>&1
}

make_postgres() {
  local folder=$1
  scram_of tiebreak >"$folder/password"
  (as postgres "$postgres_bin/initdb" --pgdata "$folder/data" --username tiebreak --encoding UTF8 \
    --locale C.UTF-8 --auth-host scram-sha-256 --auth-local trust --no-sync \
    --pwfile "$folder/password") >"$folder/make.log" 2>&1 || return 1
  free_port >"$folder/port"
  cat >>"$folder/data/postgresql.conf" <<EOF
listen_addresses = '127.0.0.1'
port = $(<"$folder/port")
unix_socket_directories = '$folder'
max_connections = 400
shared_buffers = 64MB
logging_collector = off
log_min_messages = fatal
deadlock_timeout = 200ms
EOF
  [ ! -f "$folder/key" ] || cat >>"$folder/data/postgresql.conf" <<EOF
ssl = on
ssl_cert_file = '$folder/certificate'
ssl_key_file = '$folder/key'
EOF
}

start_postgres() {
  local folder=$1
  (cd "$folder" && as postgres "$postgres_bin/postgres" -D "$folder/data") \
    >>"$folder/server.log" 2>&1 </dev/null &
  echo $! >"$folder/pid"
  disown
  for _ in $(seq 300); do
    "$postgres_bin/pg_isready" --quiet --host "$folder" --port "$(<"$folder/port")" && break
    kill -0 "$(<"$folder/pid")" 2>/dev/null || { tail -5 "$folder/server.log" >&2; return 1; }
    sleep 0.1
  done
  "$postgres_bin/createdb" --host "$folder" --port "$(<"$folder/port")" --username tiebreak \
    tiebreak 2>/dev/null || true # there already
}

# Its temporary files go to the folder: TMPDIR may be somebody else's.
make_mariadb() {
  local folder=$1
  (TMPDIR=$folder as mariadb mariadb-install-db --no-defaults --datadir="$folder/data" --skip-test-db \
    --auth-root-authentication-method=normal) >"$folder/make.log" 2>&1 || return 1
  free_port >"$folder/port"
}

start_mariadb() {
  local folder=$1
  local encryption=()
  [ ! -f "$folder/key" ] || encryption=(--ssl-ca="$folder/certificate" \
    --ssl-cert="$folder/certificate" --ssl-key="$folder/key")
  (cd "$folder" && TMPDIR=$folder as mariadb "$(command -v mariadbd || echo /usr/sbin/mariadbd)" --no-defaults \
    --datadir="$folder/data" --socket="$folder/socket" --port="$(<"$folder/port")" \
    --bind-address=127.0.0.1 --pid-file="$folder/pid-file" --skip-name-resolve \
    --innodb-flush-log-at-trx-commit=1 --innodb-buffer-pool-size=128M --max-connections=400 \
    --performance-schema=off --character-set-server=utf8mb4 "${encryption[@]}") \
    >>"$folder/server.log" 2>&1 </dev/null &
  echo $! >"$folder/pid"
  disown
  local client=(mariadb --no-defaults --socket="$folder/socket" --user=root)
  for _ in $(seq 300); do
    "${client[@]}" --execute 'SELECT 1' >/dev/null 2>&1 && break
    kill -0 "$(<"$folder/pid")" 2>/dev/null || { tail -5 "$folder/server.log" >&2; return 1; }
    sleep 0.1
  done
  "${client[@]}" <<<"CREATE DATABASE IF NOT EXISTS tiebreak CHARACTER SET utf8mb4;
    CREATE USER IF NOT EXISTS tiebreak@'%' IDENTIFIED BY 'tiebreak';
    GRANT ALL ON *.* TO tiebreak@'%' WITH GRANT OPTION;"
}

make_redis() {
  local folder=$1
  mkdir "$folder/data"
  chown "$(account redis)" "$folder/data"
  free_port >"$folder/port"
}

start_redis() {
  local folder=$1
  (cd "$folder" && as redis redis-server --port "$(<"$folder/port")" --bind 127.0.0.1 \
    --dir "$folder/data" --save '' --appendonly no --maxmemory 64mb --maxmemory-policy allkeys-lru) \
    >>"$folder/server.log" 2>&1 </dev/null &
  echo $! >"$folder/pid"
  disown
  for _ in $(seq 300); do
    [ "$(redis-cli -p "$(<"$folder/port")" PING 2>/dev/null)" = PONG ] && break
    kill -0 "$(<"$folder/pid")" 2>/dev/null || { tail -5 "$folder/server.log" >&2; return 1; }
    sleep 0.1
  done
}

runs() { # FOLDER: true when the process noted at the start still works there
  local pid
  pid=$(cat "$1/pid" 2>/dev/null) || return 1
  case $(readlink "/proc/$pid/cwd" 2>/dev/null) in "$1"*) return 0 ;; esac
  return 1
}

lives() { # PID: false also for one that has ended and was not asked about yet
  case $(sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null) in '' | Z* | X*) return 1 ;; esac
}

# Ends by the number noted at the start, and only a process that still works in the folder.
end() {
  local folder=$1 signal=$2 pid
  runs "$folder" || return 0
  pid=$(<"$folder/pid")
  rm -f "$folder/pid"
  kill "-$signal" "$pid" 2>/dev/null || return 0
  for _ in $(seq 300); do
    lives "$pid" || return 0
    sleep 0.1
  done
  kill -KILL "$pid" 2>/dev/null || true
}

processes_in() { # FOLDER: of those that work there, as /proc/NUMBER; none of one that has ended
  find /proc -maxdepth 2 -name cwd -lname "$1*" -printf '%h\n' 2>/dev/null
}

# A crash takes all processes of a server at once, and they hold its memory until they are gone:
# the next could not start before. Nor could it with PostgreSQL's notes of its number, which may
# not be free yet.
crash() {
  local folder=$1 process left
  end "$folder" KILL
  for _ in $(seq 300); do
    left=$(processes_in "$folder" || true)
    [ -n "$left" ] || break
    for process in $left; do
      kill -KILL "${process#/proc/}" 2>/dev/null || true
    done
    sleep 0.1
  done
  rm -f "$folder/data/postmaster.pid" "$folder"/.s.PGSQL.*.lock
}

start() {
  local all=$1 engine
  for engine in $engines; do
    if [ ! -d "$all/$engine/data" ]; then
      mkdir -p "$all/$engine"
      chown "$(account "$engine")" "$all/$engine"
      [ "${TLS:-}" != on ] || [ "$engine" = redis ] || make_certificate "$engine" "$all/$engine" ||
        { cat "$all/$engine/make.log" >&2; return 1; }
      "make_$engine" "$all/$engine" || { cat "$all/$engine/make.log" >&2; return 1; }
    fi
    runs "$all/$engine" || "start_$engine" "$all/$engine"
  done
}

settings() {
  local all=$1
  echo "export TIEBREAK_TEST_SERVERS=$all"
  [ ! -f "$all/postgres/port" ] ||
    echo "export TIEBREAK_TEST_POSTGRES_URL=postgresql://tiebreak:tiebreak@127.0.0.1:$(<"$all/postgres/port")/tiebreak"
  [ ! -f "$all/mariadb/port" ] ||
    echo "export TIEBREAK_TEST_MARIADB_URL=mariadb://tiebreak:tiebreak@127.0.0.1:$(<"$all/mariadb/port")/tiebreak"
  [ ! -f "$all/redis/port" ] ||
    echo "export TIEBREAK_TEST_REDIS_URL=redis://127.0.0.1:$(<"$all/redis/port")"
}

stop() {
  local engine
  for engine in $engines; do
    case $engine in
      postgres) end "$1/postgres" INT ;; # a fast shutdown: does not wait for clients
      *) end "$1/$engine" TERM ;;
    esac
  done
}

place() {
  if [ -n "${TIEBREAK_SERVERS_IN:-}" ]; then
    echo "$TIEBREAK_SERVERS_IN"
  elif [ -w /dev/shm ] && [ "$(df --output=avail -k /dev/shm | tail -1)" -gt 2000000 ]; then
    echo /dev/shm
  else
    echo "${TMPDIR:-/tmp}"
  fi
}

run() {
  local all
  all=$(mktemp -d "$(place)/tiebreak-servers.XXXXXX")
  chmod 755 "$all"
  # shellcheck disable=SC2064
  trap "stop '$all'; rm -rf '$all'" EXIT
  trap 'exit 130' INT TERM
  start "$all"
  eval "$(settings "$all")"
  local result=0
  "$@" || result=$?
  exit $result
}

case "${1:-}" in
  run)
    [ $# -ge 2 ] || { usage >&2; exit 2; }
    shift
    run "$@"
    ;;
  start)
    [ $# -eq 2 ] || { usage >&2; exit 2; }
    mkdir -p "$2"
    all=$(realpath "$2")
    chmod 755 "$all"
    start "$all"
    settings "$all"
    ;;
  stop)
    [ $# -eq 2 ] || { usage >&2; exit 2; }
    stop "$(realpath "$2")"
    ;;
  kill)
    [ $# -eq 3 ] || { usage >&2; exit 2; }
    crash "$(realpath "$2")/$3"
    ;;
  -h | --help) usage ;;
  *)
    usage >&2
    exit 2
    ;;
esac
