# shellcheck shell=sh
# What the scripts share: they say their arguments, and this calls the server with grpcurl.
#
# A script declares operands with `take` and options with `option`, reads them with
# `read_arguments "$@"` and ends with `call Service/Method`.

self=${0##*/}
here=$(dirname -- "$0")
. "$here/request.sh"
. "$here/arguments.sh"

# fail SENTENCE [CODE]
fail() {
  printf '%s: %s\n' "$self" "$1" >&2
  exit "${2:-1}"
}

# The comment on top of the script, from its usage to the first empty line.
show_help() {
  sed -n '2,/^$/s/^# \{0,1\}//p' "$0"
  cat <<'EOF'

Options go before, between or after operands; `--option=VALUE` works too.

Environment:
  AICONFIG_ADDR        host:port of the server, default 127.0.0.1:50051
  AICONFIG_TOKEN       bearer token; else it is read from
  AICONFIG_TOKEN_FILE  default ./data/tokens/admin
  AICONFIG_ACTOR       who you are, for the audit log
  AICONFIG_CA          file with the certificate authority of the server
  AICONFIG_PLAINTEXT   1: no TLS, 0: TLS; default 1 on loopback without AICONFIG_CA, else 0
  AICONFIG_TIMEOUT     seconds that a call may take, default 30

The answer goes to standard output as JSON, errors to standard error. Exit codes: 0 done, 1 no call
was made, 2 wrong arguments, 64 + the gRPC code if the server refused.
EOF
}

usage_error() {
  printf '%s: %s\n' "$self" "$1" >&2
  sed -n '2,/^#$/s/^# \(.*\)/\1/p' "$0" >&2
  printf 'Try: %s --help\n' "$self" >&2
  exit 2
}

# read_secret WHAT: the one line of standard input into `secret`; a terminal shows no echo.
read_secret() {
  secret='' more=''
  if [ -t 0 ]; then
    printf '%s: ' "$1" >&2
    terminal=$(stty -g)
    trap 'stty "$terminal"; exit 130' HUP INT TERM
    stty -echo
    IFS= read -r secret || true
    stty "$terminal"
    trap - HUP INT TERM
    printf '\n' >&2
  else
    IFS= read -r secret || true
    IFS= read -r more || true
  fi
  [ -n "$secret" ] || fail "the $1 is missing on standard input" 2
  [ -z "$more" ] || fail "standard input has more than the one line of the $1" 2
}

read_token() {
  [ -z "${AICONFIG_TOKEN:-}" ] || return 0
  file=${AICONFIG_TOKEN_FILE:-./data/tokens/admin}
  [ -r "$file" ] || fail "cannot read the token file $file; AICONFIG_TOKEN_FILE names another one"
  IFS= read -r AICONFIG_TOKEN <"$file" || [ -n "${AICONFIG_TOKEN:-}" ] ||
    fail "the token file $file is empty"
}

# without_tls ADDRESS: a token goes over plain text on loopback only, if nothing else is said.
without_tls() {
  case "${AICONFIG_PLAINTEXT:-}" in
    1) [ -z "${AICONFIG_CA:-}" ] || fail 'AICONFIG_CA and AICONFIG_PLAINTEXT=1 exclude each other' ;;
    0) return 1 ;;
    '')
      case "${AICONFIG_CA:-}$1" in
        127.*.*.*:* | localhost:* | '[::1]:'*) ;;
        *) return 1 ;;
      esac
      ;;
    *) fail 'AICONFIG_PLAINTEXT must be 1 or 0' ;;
  esac
}

# call Service/Method: sends the request; the answer goes to standard output. grpcurl itself puts
# the token in from the environment.
call() {
  command -v grpcurl >/dev/null || fail 'grpcurl is missing; docs/grpcurl.md says how to install it'
  address=${AICONFIG_ADDR:-127.0.0.1:50051}
  method=igny8.aiconfig.v1.$1
  read_token
  # shellcheck disable=SC2016
  set -- -expand-headers -rpc-header 'authorization: Bearer ${AICONFIG_TOKEN}'
  # shellcheck disable=SC2016
  [ -z "${AICONFIG_ACTOR:-}" ] || set -- "$@" -rpc-header 'x-aiconfig-actor: ${AICONFIG_ACTOR}'
  if without_tls "$address"; then
    set -- "$@" -plaintext
  elif [ -n "${AICONFIG_CA:-}" ]; then
    set -- "$@" -cacert "$AICONFIG_CA"
  fi
  request | AICONFIG_TOKEN=$AICONFIG_TOKEN grpcurl "$@" -emit-defaults -connect-timeout 5 \
    -max-time "${AICONFIG_TIMEOUT:-30}" -d @ "$address" "$method"
}
