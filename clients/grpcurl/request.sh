# shellcheck shell=sh
# Writes a request: fields by path, to one JSON object.
#
# Values reach other programs through pipes only: an argument list is there for all to see.

nl='
'
tab='	'
# Lines `path<TAB>JSON`; the conditions of a list's filter.
fields='' filter=''

# json_string [TEST]: standard input as a JSON string. The input ends with one character more than
# the text, because awk cannot tell whether a last line had an end. TEST is 1 to fail where the text
# is not UTF-8, which grpcurl would change silently.
json_string() {
  LC_ALL=C awk -v test="${1:-0}" '
    # Bytes that must follow the first one of a letter, and the range of the next one.
    function lead(byte) {
      lowest = 128
      highest = 191
      if (byte < 194 || byte > 244) return -1
      if (byte == 224) lowest = 160
      if (byte == 237) highest = 159
      if (byte == 240) lowest = 144
      if (byte == 244) highest = 143
      return 1 + (byte > 223) + (byte > 239)
    }
    function follow(byte,   fits) {
      fits = byte >= lowest && byte <= highest
      lowest = 128
      highest = 191
      return fits ? missing - 1 : -1
    }
    BEGIN {
      for (i = 0; i < 32; i++) escaped[sprintf("%c", i)] = sprintf("\\u%04x", i)
      escaped["\""] = "\\\""
      escaped["\\"] = "\\\\"
      for (i = 128; i < 256; i++) code[sprintf("%c", i)] = i
    }
    { text = text (NR > 1 ? "\n" : "") $0 }
    END {
      end = length(text)
      printf "\""
      for (i = 1; i < end; i++) {
        c = substr(text, i, 1)
        if (c in code) missing = missing ? follow(code[c]) : lead(code[c])
        else if (missing) missing = -1
        if (test && missing < 0) exit 1
        printf "%s", (c in escaped) ? escaped[c] : c
      }
      if (test && missing) exit 1
      printf "\""
    }'
}

string() { printf '%s.' "$1" | json_string; }

# Standard input as a JSON string, byte for byte: the shell itself would drop line ends. Fails where
# it is not UTF-8.
string_of_input() {
  {
    cat
    printf .
  } | json_string 1
}

# given PATH: whether the request has the field.
given() {
  case "$nl$fields" in
    *"$nl$1$tab"*) ;;
    *) return 1 ;;
  esac
}

# put PATH JSON: sets a field of the request.
put() {
  ! given "$1" || usage_error "${1##*.} is given twice"
  fields="$fields$1$tab$2$nl"
}

# field PATH: the JSON of a field; empty without one.
field() { printf '%s' "$fields" | sed -n "s/^$1$tab//p"; }

# drop PATH: takes a field out of the request.
drop() {
  fields=$(printf '%s' "$fields" | sed "/^$1$tab/d")
  fields=${fields:+$fields$nl}
}

# each FROM PATH FORM: moves an array of names to PATH, with each name in the place of & in FORM.
each() {
  given "$1" || return 0
  json=$(field "$1" | sed "s/\"[a-z0-9_]*\"/$3/g")
  drop "$1"
  put "$2" "$json"
}

# put_text PATH: standard input as the text of a field.
put_text() {
  [ ! -t 0 ] || fail 'the text is missing on standard input' 2
  text=$(string_of_input) || fail 'the text on standard input is not UTF-8' 2
  [ "$text" != '""' ] || fail 'the text is missing on standard input' 2
  put "$1" "$text"
}

# put_json PATH: the JSON object on standard input as a field. Blanks between its parts may be line
# ends and tabs, which a request has none of.
put_json() {
  [ ! -t 0 ] || fail 'the JSON is missing on standard input' 2
  json=$(tr '\t\r\n' '   ')
  case $json in
    *[!\ ]*) ;;
    *) fail 'the JSON is missing on standard input' 2 ;;
  esac
  put "$1" "$json"
}

# default PATH JSON
default() { given "$1" || put "$1" "$2"; }

# require PATH NAME: some operand or option must have set the field.
require() { given "$1" || usage_error "$2 is missing"; }

# condition COMPARISON VALUE: adds to the filter; COMPARISON is a name, or a name with `>=` or `<`.
condition() {
  operator=${1#"${1%%[<>]*}"}
  filter="${filter:+$filter AND }${1%%[<>]*} ${operator:-=} $2"
}

# put_mask PATH NAMES: the update mask of these fields of the object at PATH. grpcurl takes a mask
# as an object, not as the one string of other JSON clients.
put_mask() {
  paths=''
  for name in $2; do
    paths="${paths:+$paths,}\"$1.$name\""
  done
  put update_mask.paths "[$paths]"
}

# The fields as one JSON object.
request() {
  printf '%s' "$fields" | LC_ALL=C sort -t "$tab" -k 1,1 | LC_ALL=C awk '
    function next_member() { if (filled[depth]) printf ","; filled[depth] = 1 }
    BEGIN { FS = "\t"; depth = 0; printf "{" }
    {
      last = split($1, part, ".")
      same = 0
      while (same < depth && same < last - 1 && part[same + 1] == open[same + 1]) same++
      for (; depth > same; depth--) printf "}"
      while (depth < last - 1) {
        next_member()
        depth++
        open[depth] = part[depth]
        filled[depth] = 0
        printf "\"%s\":{", part[depth]
      }
      next_member()
      printf "\"%s\":%s", part[last], $2
    }
    END { for (; depth > 0; depth--) printf "}"; print "}" }'
}
