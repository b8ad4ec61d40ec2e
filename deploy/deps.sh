#!/bin/sh
# Installs the Debian 12 packages that Tandem needs; a moment when all are there.
#
#   deploy/deps.sh           what runs, builds and tests it
#   deploy/deps.sh runtime   only what runs it (containers)
#
# Packages that are there stay at their version, so no running server is restarted; the servers
# that redis-server and postgresql-15 start are left as their packages leave them: a site of ours
# has private ones.
set -eu

runtime='
    libuv1 libzmq5 libprotobuf-c1 libhiredis0.14 libpq5 libyaml-0-2 libjansson4 libwebsockets17
    libwebsockets-evlib-uv libsofia-sip-ua0 libxml2 libduktape207 libespeak-ng1 espeak-ng-data
    libgstreamer1.0-0 libgstreamer-plugins-base1.0-0 gstreamer1.0-plugins-base
    gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav
    redis-server postgresql-15 supervisor python3 tzdata'
build='
    build-essential pkg-config libuv1-dev libzmq3-dev libprotobuf-c-dev protobuf-c-compiler
    protobuf-compiler libprotobuf-dev python3-protobuf libhiredis-dev libpq-dev
    libsofia-sip-ua-dev libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libyaml-dev
    libjansson-dev libwebsockets-dev libxml2-dev duktape-dev libespeak-ng-dev libssl-dev'
test='
    baresip-core sip-tester sox libcmocka-dev python3-pytest python3-pytest-xdist python3-redis
    python3-psycopg2 python3-zmq python3-yaml clang clang-format clang-tidy libclang-rt-14-dev
    cppcheck universal-ctags sipvicious'

case "${1:-all}" in
runtime) wanted=$runtime ;;
all) wanted="$runtime $build $test" ;;
*) echo "usage: deploy/deps.sh [runtime]" >&2; exit 2 ;;
esac

# shellcheck disable=SC2086  # lists of words on purpose
installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' $wanted 2>/dev/null |
    sed -n 's/^[hi]i //p')
# shellcheck disable=SC2086
missing=$(printf '%s\n' $wanted | grep -vxF "$installed" | tr '\n' ' ' || true)
if [ -z "$missing" ]; then
    echo "packages ......... all there"
    exit 0
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "deps: these packages are missing, and installing them needs root or sudo: $missing" >&2
        exit 1
    }
    as_root=sudo
fi
apt() {
    $as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -q -y "$@"
}

echo "packages ......... installing $missing"
apt update
# shellcheck disable=SC2086  # a list of words on purpose
apt install --no-install-recommends --no-upgrade $missing
echo "packages ......... ready"
