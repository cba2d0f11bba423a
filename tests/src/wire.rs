//! HTTP/2 by the byte: frames, right and wrong, and what a server answers.

/// The text that HTTP/2 begins with.
pub const MAGIC: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A part of a body.
pub const DATA: u8 = 0;
/// The headers of a call, of its answer, or its trailers.
pub const HEADERS: u8 = 1;
/// How important a call is.
pub const PRIORITY: u8 = 2;
/// The end of a call before its end.
pub const RESET: u8 = 3;
/// What one side asks of the other.
pub const SETTINGS: u8 = 4;
/// A question whether the other side is there.
pub const PING: u8 = 6;
/// The end of a connection.
pub const GOAWAY: u8 = 7;
/// Leave to send more.
pub const WINDOW_UPDATE: u8 = 8;
/// More of a header block.
pub const CONTINUATION: u8 = 9;

/// On SETTINGS and PING: an answer.
pub const ACK: u8 = 1;
/// On HEADERS and DATA: nothing more follows on this stream.
pub const END_STREAM: u8 = 1;
/// On HEADERS: the block is whole.
pub const END_HEADERS: u8 = 4;

/// A frame.
#[must_use]
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(9 + payload.len());
    put_frame(&mut bytes, kind, flags, stream, payload);
    bytes
}

/// Appends a frame.
pub fn put_frame(bytes: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    let length = u32::try_from(payload.len()).unwrap();
    bytes.extend(&length.to_be_bytes()[1..]);
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
}

/// A message with its head, as gRPC puts it into DATA.
#[must_use]
pub fn message(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
    [&[0], length.as_slice(), bytes].concat()
}

/// The opening of a client: the text and its settings, as pairs of identifier and value.
#[must_use]
pub fn opening(settings: &[(u16, u32)]) -> Vec<u8> {
    let pairs = settings.iter().flat_map(|(identifier, value)| {
        [identifier.to_be_bytes().as_slice(), &value.to_be_bytes()].concat()
    });
    let payload: Vec<u8> = pairs.collect();
    [MAGIC, &frame(SETTINGS, 0, 0, &payload)].concat()
}

/// A header block: literals that are not indexed.
#[must_use]
pub fn block(headers: &[(&str, &str)]) -> Vec<u8> {
    literals(0, headers)
}

/// A header block that the server keeps in its table, and the block that names the same headers
/// from then on, as clients of gRPC send them.
#[must_use]
pub fn indexed(headers: &[(&str, &str)]) -> (Vec<u8>, Vec<u8>) {
    // The newest entry of the table is 62, behind the 61 that are fixed.
    let last = 61 + u8::try_from(headers.len()).unwrap();
    let again = (62..=last).rev().map(|index| 0x80 | index).collect();
    (literals(0x40, headers), again)
}

fn literals(form: u8, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in headers {
        bytes.push(form);
        for text in [name, value] {
            integer(&mut bytes, text.len());
            bytes.extend(text.as_bytes());
        }
    }
    bytes
}

/// The header block of a gRPC call.
#[must_use]
pub fn call(path: &str, token: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let bearer = format!("Bearer {token}");
    let mut headers = call_headers(path, &bearer).to_vec();
    headers.extend(more);
    block(&headers)
}

/// The headers of a gRPC call.
#[must_use]
pub fn call_headers<'a>(path: &'a str, bearer: &'a str) -> [(&'a str, &'a str); 7] {
    [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        ("authorization", bearer),
    ]
}

/// An integer of HPACK with a prefix of seven bits.
fn integer(bytes: &mut Vec<u8>, mut value: usize) {
    if value < 127 {
        bytes.push(u8::try_from(value).unwrap());
        return;
    }
    bytes.push(127);
    value -= 127;
    while value >= 128 {
        bytes.push(u8::try_from(value % 128).unwrap() | 128);
        value /= 128;
    }
    bytes.push(u8::try_from(value).unwrap());
}

/// Takes whole frames off bytes as they come.
#[derive(Default)]
pub struct Parser(Vec<u8>);

/// A frame of the server.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields of a frame's head")]
pub struct Frame<'a> {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: &'a [u8],
}

impl Parser {
    /// Takes the next bytes, and tells each frame that is whole with them.
    pub fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(Frame<'_>)) {
        self.0.extend(bytes);
        let mut rest = self.0.as_slice();
        while let [a, b, c, kind, flags, d, e, f, g, after @ ..] = rest {
            let length = usize::try_from(u32::from_be_bytes([0, *a, *b, *c])).unwrap();
            let Some((payload, after)) = after.split_at_checked(length) else {
                break;
            };
            each(Frame {
                kind: *kind,
                flags: *flags,
                stream: u32::from_be_bytes([*d, *e, *f, *g]),
                payload,
            });
            rest = after;
        }
        let used = self.0.len() - rest.len();
        self.0.drain(..used);
    }
}

#[test]
fn frames_go_both_ways() {
    let mut parser = Parser::default();
    let sent = [frame(PING, ACK, 0, &[7; 8]), frame(DATA, 0, 3, b"ab")].concat();
    let mut seen = Vec::new();
    let mut note = |frame: Frame<'_>| seen.push((frame.kind, frame.stream, frame.payload.to_vec()));
    parser.feed(&sent[..20], &mut note);
    parser.feed(&sent[20..], &mut note);
    assert_eq!(
        seen,
        [(PING, 0, vec![7; 8]), (DATA, 3, b"ab".to_vec())],
        "each once"
    );
    let long = "x".repeat(300);
    let coded = block(&[("n", &long)]);
    assert_eq!(coded[..5], [0, 1, b'n', 127, 128 + 45]);
    assert_eq!(coded.len(), 6 + 300);
    let (first, again) = indexed(&[("a", "b"), ("c", "d")]);
    assert_eq!(first, [0x40, 1, b'a', 1, b'b', 0x40, 1, b'c', 1, b'd']);
    assert_eq!(again, [0x80 + 63, 0x80 + 62], "the newest has the lowest");
}
