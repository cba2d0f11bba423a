//! HTTP/2 by the byte: frames, right and wrong, and what a server answers.

/// The text that HTTP/2 begins with.
pub(crate) const MAGIC: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PRIORITY: u8 = 2;
pub(crate) const RESET: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const ACK: u8 = 1;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// A frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap();
    let mut bytes = length.to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// The opening of a client: the text and its settings, as pairs of identifier and value.
pub(crate) fn opening(settings: &[(u16, u32)]) -> Vec<u8> {
    let pairs = settings.iter().flat_map(|(identifier, value)| {
        [identifier.to_be_bytes().as_slice(), &value.to_be_bytes()].concat()
    });
    let payload: Vec<u8> = pairs.collect();
    [MAGIC, &frame(SETTINGS, 0, 0, &payload)].concat()
}

/// A header block: literals that are not indexed.
pub(crate) fn block(headers: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in headers {
        bytes.push(0);
        for text in [name, value] {
            integer(&mut bytes, text.len());
            bytes.extend(text.as_bytes());
        }
    }
    bytes
}

/// The header block of a gRPC call.
pub(crate) fn call(path: &str, token: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        ("authorization", bearer.as_str()),
    ];
    headers.extend(more);
    block(&headers)
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
pub(crate) struct Parser(Vec<u8>);

/// A frame of the server.
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) payload: Vec<u8>,
}

impl Parser {
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<Frame> {
        self.0.extend(bytes);
        let mut frames = Vec::new();
        while let [a, b, c, kind, _, _, _, _, _, rest @ ..] = self.0.as_slice() {
            let length = usize::try_from(u32::from_be_bytes([0, *a, *b, *c])).unwrap();
            if rest.len() < length {
                break;
            }
            frames.push(Frame {
                kind: *kind,
                payload: rest[..length].to_vec(),
            });
            self.0.drain(..9 + length);
        }
        frames
    }
}

#[test]
fn frames_go_both_ways() {
    let mut parser = Parser::default();
    let sent = [frame(PING, ACK, 0, &[7; 8]), frame(DATA, 0, 3, b"ab")].concat();
    assert!(parser.feed(&sent[..20]).len() == 1);
    let rest = parser.feed(&sent[20..]);
    assert_eq!(
        (rest[0].kind, rest[0].payload.as_slice()),
        (DATA, b"ab".as_slice())
    );
    let long = "x".repeat(300);
    let coded = block(&[("n", &long)]);
    assert_eq!(coded[..5], [0, 1, b'n', 127, 128 + 45]);
    assert_eq!(coded.len(), 6 + 300);
}
