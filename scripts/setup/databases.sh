#!/usr/bin/env bash
# Real databases for guests to talk to: PostgreSQL, MariaDB and Redis, of Debian's packages. Only packages without services
# are installed; PostgreSQL's, which would start one, is taken apart. An optional step.
# makes: third_party/databases/usr/lib/postgresql/15/bin/postgres
source "$(dirname "$0")/lib.sh"
packages=(mariadb-server-core redis-tools
          libpq5 libicu72 libldap-2.5-0 libpam0g libxml2 tzdata)    # what PostgreSQL's programs need
if [ "${1:-}" = key ]; then
  dpkg-query --show --showformat='${Package} ${db:Status-Abbrev}\n' "${packages[@]}" 2>/dev/null | sha256sum
  exit
fi

as_root apt-get update
as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${packages[@]}"
scratch_dir
(cd "$scratch" && apt-get download postgresql-15 postgresql-client-15)
mkdir "$scratch/databases"
for package in "$scratch"/postgresql-*.deb; do
  dpkg-deb --extract "$package" "$scratch/databases"
done
replace_dir "$scratch/databases" $third_party/databases
$third_party/databases/usr/lib/postgresql/15/bin/postgres --version
