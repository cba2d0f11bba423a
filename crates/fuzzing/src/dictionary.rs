//! The words of a target, from the file that libFuzzer reads too.

/// Reads a dictionary: lines of `"word"`, with `\\`, `\"` and `\xAB`; comments begin with `#`.
pub(crate) fn read(text: &str) -> Vec<String> {
    let quoted = |line: &str| {
        let inner = line.trim().strip_prefix('"')?.strip_suffix('"')?;
        unescape(inner)
    };
    text.lines().filter_map(quoted).collect()
}

/// A word without its escapes; `None` where one is none, or makes no text.
fn unescape(word: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match (byte, byte == b'\\') {
            (byte, false) => byte,
            (_, true) => match rest.next()? {
                b'x' => {
                    let digits = [rest.next()?, rest.next()?];
                    u8::from_str_radix(str::from_utf8(&digits).ok()?, 16).ok()?
                }
                escaped @ (b'\\' | b'"') => escaped,
                _ => return None,
            },
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_their_escapes() {
        let text =
            "# a comment\n\"plain\"\n \"a\\\"b\\\\\"\n\"\\x0a\"\nno word\n\"\\q\"\n\"\\x1\"\n";
        assert_eq!(read(text), ["plain", "a\"b\\", "\n"]);
    }

    #[test]
    fn every_dictionary_is_read_whole() {
        for target in crate::TARGETS {
            let lines = target.dictionary.lines();
            let words = lines.filter(|line| line.starts_with('"')).count();
            assert_eq!(read(target.dictionary).len(), words, "{}", target.name);
        }
    }
}
