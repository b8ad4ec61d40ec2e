#!/bin/sh
# Applies the migrations beside this file that a database has not yet, in order, each in one
# transaction with the row that says so. Forward only. Prints the names of those applied.
#
#   deploy/sql/migrate.sh CONNINFO
set -eu
[ $# -eq 1 ] || { echo "usage: deploy/sql/migrate.sh CONNINFO" >&2; exit 2; }
conninfo=$1
PATH=/usr/lib/postgresql/15/bin:$PATH
cd "$(dirname "$0")"

sql() { psql -XqAt -v ON_ERROR_STOP=1 -d "$conninfo" "$@"; }

PGOPTIONS='-c client_min_messages=warning' sql -1 <<'SQL'
CREATE SCHEMA IF NOT EXISTS tandem;
CREATE TABLE IF NOT EXISTS tandem.migration (
    name       text PRIMARY KEY,
    sha256     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
SQL
applied=$(sql -c "SELECT name || ' ' || sha256 FROM tandem.migration")

for file in [0-9][0-9][0-9]_*.sql; do
    sha256=$(sha256sum "$file" | cut -d' ' -f1)
    case "
$applied
" in
    *"
$file $sha256
"*) continue ;;
    *"
$file "*)
        echo "migrate: $file changed after it was applied: put the change into a new file" >&2
        exit 1
        ;;
    esac
    # The row first: of two who apply the same file, the second waits here and then fails.
    sql -1 -c "INSERT INTO tandem.migration (name, sha256) VALUES ('$file', '$sha256')" -f "$file"
    echo "$file"
done
