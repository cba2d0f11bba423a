//! What any prompt text must meet, before it is stored.

/// The most bytes that a prompt text has: 256 KiB of UTF-8.
pub const MAX_TEXT_BYTES: usize = 256 * 1024;

/// Why a text cannot be a prompt. The text is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// Not UTF-8.
    #[error("UTF-8, this is not from byte {at} on")]
    NotUtf8 {
        /// Bytes before the first wrong one.
        at: usize,
    },
    /// Longer than [`MAX_TEXT_BYTES`].
    #[error("at most {MAX_TEXT_BYTES} bytes of UTF-8, this is {bytes}")]
    TooLarge {
        /// Its bytes.
        bytes: usize,
    },
    /// Holds the character U+0000, which databases and models do not take.
    #[error("a text without NUL, this has one at byte {at}")]
    Nul {
        /// Bytes before the first one.
        at: usize,
    },
    /// Nothing, or white space alone: nobody wants that to hold.
    #[error("a text that says something, this is blank")]
    Blank,
}

/// Checks a prompt text. It is kept byte for byte: line ends, blanks, a byte order mark.
///
/// # Errors
/// What is wrong with it; the size comes first.
pub fn check_text(text: &str) -> Result<(), TextFault> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(TextFault::TooLarge { bytes: text.len() });
    }
    match text.find('\0') {
        Some(at) => Err(TextFault::Nul { at }),
        None if text.trim().is_empty() => Err(TextFault::Blank),
        None => Ok(()),
    }
}

/// Reads a prompt text from the bytes of a file, as [`check_text`] wants it.
///
/// # Errors
/// What is wrong with it; the size comes first, then the encoding.
pub fn parse_text(bytes: &[u8]) -> Result<&str, TextFault> {
    if bytes.len() > MAX_TEXT_BYTES {
        return Err(TextFault::TooLarge { bytes: bytes.len() });
    }
    let text = str::from_utf8(bytes).map_err(|error| TextFault::NotUtf8 {
        at: error.valid_up_to(),
    })?;
    check_text(text).map(|()| text)
}
