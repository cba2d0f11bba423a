# shellcheck shell=sh
# Reads operands and options as a script declares them, into the fields of its request.
#
# A declaration has the kind of the value and the path of the request's field, such as
# `account.plan`:
#
#   string, integer, boolean   one JSON value
#   integers                   1,2,3 as an array
#   strings                    a,b,c as an array of names
#   enum:PREFIX_               a name with or without its prefix, in any case
#   flag:JSON                  an option without a value, which stands for this JSON
#   filter, filter:KIND        a condition `path = value` of the list's filter; `path>=` and `path<`
#                              compare otherwise
#   section                    the object that FIELD=VALUE operands go into, below the path

# Declarations that wait for their argument, one a line.
operands='' options=$nl
# FIELD=VALUE: where they go, which have a value, which are empty.
assigned_under='' assigned='' cleared=''

# take NAME KIND PATH: the next operand; one that may be left out is written `[NAME]`.
take() { operands="$operands$1 $2 $3$nl"; }

# option --NAME KIND PATH
option() { options="$options$1 $2 $3$nl"; }

# take_fields PATH: FIELD=VALUE operands, which go into the object at PATH.
take_fields() { assigned_under=$1; }

write_options() {
  option --reason string reason
  option --dry-run flag:true validate_only
  option --etag string expected_etag
  option --request-id string request_id
}

read_options() { option --min-revision integer min_revision; }

list_options() {
  option --page-size integer page_size
  option --page-token string page_token
  read_options
}

# enum PREFIX NAME TEXT: an enum value with its prefix.
enum() {
  word=$(printf '%s' "$3" | LC_ALL=C tr abcdefghijklmnopqrstuvwxyz- ABCDEFGHIJKLMNOPQRSTUVWXYZ_)
  case $word in
    '' | *[!A-Z0-9_]*) usage_error "$2 must be a name of letters, digits and _" ;;
    "$1"*) printf '%s' "$word" ;;
    *) printf '%s%s' "$1" "$word" ;;
  esac
}

is_number() {
  printf '%s\n' "$1" | awk '
    { ok = $0 ~ /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$/ }
    END { exit !(NR == 1 && ok) }'
}

# value KIND NAME TEXT: the JSON for the text.
value() {
  case $1 in
    string)
      [ -n "$3" ] || usage_error "$2 must not be empty"
      string "$3"
      ;;
    integer)
      case $3 in
        '' | *[!0-9]* | 0?*) usage_error "$2 must be a whole number" ;;
      esac
      printf '%s' "$3"
      ;;
    integers)
      case ",$3," in
        *[!0-9,]* | *,,* | *,0*) usage_error "$2 must be whole numbers above 0 joined by commas" ;;
      esac
      printf '[%s]' "$3"
      ;;
    strings)
      case ",$3," in
        *[!a-z0-9_,]* | *,,*) usage_error "$2 must be names joined by commas" ;;
      esac
      printf '["%s"]' "$(printf '%s' "$3" | sed 's/,/","/g')"
      ;;
    number)
      is_number "$3" || usage_error "$2 must be a number"
      printf '%s' "$3"
      ;;
    boolean)
      case $3 in
        true | false) printf '%s' "$3" ;;
        *) usage_error "$2 must be true or false" ;;
      esac
      ;;
    enum:*)
      word=$(enum "${1#enum:}" "$2" "$3")
      string "$word"
      ;;
    *) fail "$2 is declared with an unknown kind" ;;
  esac
}

# take_value NAME KIND PATH TEXT
take_value() {
  case $2 in
    filter)
      json=$(value string "$1" "$4")
      condition "$3" "$json"
      ;;
    filter:enum)
      word=$(enum '' "$1" "$4")
      condition "$3" "$word"
      ;;
    filter:*)
      json=$(value "${2#filter:}" "$1" "$4")
      condition "$3" "$json"
      ;;
    section)
      case $4 in
        '' | *[!a-z0-9_]*) usage_error "$1 must be a name of lower-case letters, digits and _" ;;
      esac
      assigned_under=$3.$4
      ;;
    *)
      json=$(value "$2" "$1" "$4")
      put "$3" "$json"
      ;;
  esac
}

# assign FIELD=VALUE: an empty value clears the field.
assign() {
  name=${1%%=*}
  case $name in
    service | model | image_size | image_quality | image_style | image_format) kind=string ;;
    temperature | guidance) kind=number ;;
    max_tokens | max_in_article_images | steps) kind=integer ;;
    enabled) kind=boolean ;;
    *) usage_error "there is no field of the name before the first =" ;;
  esac
  case " $assigned$cleared" in
    *" $name "*) usage_error "$name is given twice" ;;
  esac
  if [ -z "${1#*=}" ]; then
    cleared="$cleared$name "
  else
    assigned="$assigned$name "
    take_value "$name" "$kind" "$assigned_under.$name" "${1#*=}"
  fi
}

# read_option --NAME [VALUE]: `taken` is the number of arguments that it took.
read_option() {
  name=${1%%=*} taken=1
  case "$options" in
    *"$nl$name "*) ;;
    *) usage_error "there is no option $name" ;;
  esac
  declared=${options#*"$nl$name "}
  declared=${declared%%"$nl"*}
  kind=${declared%% *}
  case "$kind,$1" in
    flag:*,*=*) usage_error "$name takes no value" ;;
    flag:*) put "${declared#* }" "${kind#flag:}" ;;
    *,*=*) take_value "$name" "$kind" "${declared#* }" "${1#*=}" ;;
    *)
      [ $# -gt 1 ] || usage_error "$name needs a value"
      take_value "$name" "$kind" "${declared#* }" "$2"
      taken=2
      ;;
  esac
}

read_operand() {
  if [ -n "$operands" ]; then
    declared=${operands%%"$nl"*}
    operands=${operands#*"$nl"}
    path=${declared#* }
    take_value "${declared%% *}" "${path%% *}" "${path#* }" "$1"
    return
  fi
  [ -n "$assigned_under" ] || usage_error 'there are too many operands'
  case $1 in
    *=*) assign "$1" ;;
    *) usage_error 'an operand is not FIELD=VALUE' ;;
  esac
}

read_arguments() {
  while [ $# -gt 0 ]; do
    taken=1
    case $1 in
      -h | --help)
        show_help
        exit 0
        ;;
      -?*) read_option "$@" ;;
      *) read_operand "$1" ;;
    esac
    shift "$taken"
  done
  case $operands in
    '' | '['*) ;;
    *) usage_error "${operands%% *} is missing" ;;
  esac
  [ -z "$filter" ] || put filter "$(string "$filter")"
}
