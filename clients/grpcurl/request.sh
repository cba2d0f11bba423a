# shellcheck shell=sh
# Writes a request: fields by path, to one JSON object.
#
# Values reach other programs through pipes only: an argument list is there for all to see.

nl='
'
tab='	'
# Lines `path<TAB>JSON`; the conditions of a list's filter.
fields='' filter=''

# Standard input as a JSON string. The input ends with one character more than the text, because
# awk cannot tell whether a last line had an end.
json_string() {
  LC_ALL=C awk '
    BEGIN {
      for (i = 1; i < 32; i++) escaped[sprintf("%c", i)] = sprintf("\\u%04x", i)
      escaped["\""] = "\\\""
      escaped["\\"] = "\\\\"
    }
    { text = text (NR > 1 ? "\n" : "") $0 }
    END {
      end = length(text)
      printf "\""
      for (i = 1; i < end; i++) {
        c = substr(text, i, 1)
        printf "%s", (c in escaped) ? escaped[c] : c
      }
      printf "\""
    }'
}

string() { printf '%s.' "$1" | json_string; }

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
