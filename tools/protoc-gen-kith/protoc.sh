#!/bin/sh
# protoc without its warnings of unused imports: the option (kith.follows) names events by text, which
# protoc cannot see.
said=$(protoc "$@" 2>&1)
status=$?
[ -z "$said" ] || printf '%s\n' "$said" | grep -v 'warning: Import .* is unused\.$' >&2
exit $status
