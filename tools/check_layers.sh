#!/bin/sh
# Fails when code reaches outside its layer.
#
#   base  <-  core  <-  wire  <-  service  <-  services/NAME, tools/NAME
#   base  <-  io  <-----------------'
#                wire  <-  client    (for programs outside)
#
# The pure layers are also checked at the symbol level, since a forbidden call needs no forbidden
# header. Run from the repository root: check_layers.sh BUILD_DIR
set -eu
build=$1
status=0

complain() {
    echo "check_layers: $*" >&2
    status=1
}

forbid() { # forbid DIRECTORY PATTERN WHY
    [ -d "$1" ] || return 0
    if grep -rnE "^ *# *include +[<\"]($2)" "$1" --include='*.[ch]'; then
        complain "$1: $3"
    fi
}

forbid lib/base '(core|wire|io|service)/'          'base depends on nothing of ours'
forbid lib/core '(wire|io|service)/|uv\.h|time\.h|stdio\.h' \
                                                   'core is pure: time and input are arguments'
forbid lib/wire '(io|service)/|uv\.h'              'wire only translates'
forbid lib/client '(core|io|service)/|uv\.h'      'client is for programs outside: base and wire alone'
forbid lib/io   '(core|wire|service)/'             'io moves bytes and knows no domain'
for layer in base core io service; do
    forbid "lib/$layer" '.*\.pb-c\.h|protobuf-c/'  'generated types stop at lib/wire'
done
for program in services tools; do
    forbid "$program" '.*\.pb-c\.h|protobuf-c/'    'generated types stop at lib/wire'
done

names=$(find services -mindepth 1 -maxdepth 1 -type d -printf '%f\n')
for name in $names; do
    others=$(echo "$names" | grep -vx "$name" | paste -sd'|' -)
    [ -z "$others" ] || forbid "services/$name" "($others)/" 'services meet only in proto/'
    # io/hash.h only computes.
    forbid "services/$name/core" 'io/([^h]|h[^a])|service/|uv\.h|time\.h' \
                                                   'core is pure: time and input are arguments'
done

# One third-party library, one place.
only_in() { # only_in PATTERN ALLOWED_PATHS_PATTERN WHAT
    found=$(grep -rlE "^ *# *include +[<\"]($1)" lib services tools --include='*.[ch]' |
        grep -vE "^($2)" || true)
    [ -z "$found" ] || complain "$3 belongs into $2, not" $found
}
only_in 'sofia-sip/|su_|nta|sip\.h'      'services/edge/'                    'sofia-sip'
only_in 'gst/|glib'                      'services/media/'                   'GStreamer'
only_in 'espeak'                         'services/media/speech/'            'espeak-ng'
only_in 'libpq-fe|postgresql/'           'lib/io/(history|blobs)'            'libpq'
only_in 'hiredis'                        'lib/io/live'                       'hiredis'
only_in 'zmq'                            'lib/io/bus|lib/client/'            'ZeroMQ'
only_in 'yaml|cyaml/'                    'lib/io/config'                     'YAML'
only_in 'libwebsockets'                  'lib/io/http'                       'libwebsockets'
only_in 'jansson'                        'lib/wire/'                         'jansson'
only_in 'libxml/'                        'services/ivr/'                     'libxml2'
only_in 'duktape'                        'services/ivr/'                     'Duktape'
only_in 'openssl/'                       'lib/io/hash'                       'OpenSSL'

# malloc is absent on purpose: core objects live where the caller puts them.
impure='^(time|clock_gettime|gettimeofday|rand|random|getrandom|getenv|open|read|write|send|recv|socket|fopen|printf|fprintf|puts|malloc|calloc|realloc|free|uv_.*)$'
core_objects=$(find "$build/lib/core" "$build"/services -path '*/core/*' -name '*.o' 2>/dev/null || true)
[ -n "$core_objects" ] || complain "no object of a core under $build: build first"
for object in $core_objects; do
    found=$(nm -u "$object" | awk '{print $2}' | sed 's/@.*//' | grep -E "$impure" || true)
    [ -z "$found" ] || complain "$object calls" $found
done

# No mutable globals in the library: state belongs to an object somebody passed in. The one process
# object of lib/service is the exception.
for object in $(find "$build/lib" -name '*.o' ! -path '*/lib/service/service.o'); do
    bytes=$(size -A "$object" |
        awk '$1 ~ /^\.(data|bss)(\.|$)/ && $1 !~ /^\.data\.rel\.ro/ { sum += $2 } END { print sum + 0 }')
    [ "$bytes" -eq 0 ] || complain "$object holds $bytes bytes of mutable global state"
done
exit $status
