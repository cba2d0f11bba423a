//! The first bytes of an HTTP/2 client: the magic text and a SETTINGS frame.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::Cut;

/// The text that HTTP/2 begins with, RFC 9113 section 3.4.
const MAGIC: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The text and the head of the frame after it.
pub(super) const LENGTH: usize = MAGIC.len() + 9;
/// The type of a SETTINGS frame, at this place of its head.
const SETTINGS: (usize, u8) = (3, 4);

/// The opening of a connection as it was read, to be read again by HTTP/2.
pub(super) type Opening = [u8; LENGTH];

/// Reads the opening.
///
/// # Errors
/// `Ok(Err(cut))` where it is late or wrong, `Err` where the client left.
pub(super) async fn read<R>(io: &mut R, within: Duration) -> io::Result<Result<Opening, Cut>>
where
    R: AsyncRead + Unpin,
{
    let mut opening = [0; LENGTH];
    let read = read_all(io, &mut opening);
    match tokio::time::timeout(within, read).await {
        Ok(Ok(true)) => Ok(Ok(opening)),
        Ok(Ok(false)) => Ok(Err(Cut::PrefaceInvalid)),
        Ok(Err(error)) => Err(error),
        Err(_) => Ok(Err(Cut::PrefaceTimeout)),
    }
}

/// Whether it is one; ends at the first byte that is wrong.
async fn read_all<R>(io: &mut R, opening: &mut Opening) -> io::Result<bool>
where
    R: AsyncRead + Unpin,
{
    let mut filled = 0;
    while filled < LENGTH {
        let read = io.read(&mut opening[filled..]).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        filled += read;
        let of_magic = filled.min(MAGIC.len());
        if opening[..of_magic] != MAGIC[..of_magic] {
            return Ok(false);
        }
    }
    let (place, settings) = SETTINGS;
    Ok(opening[MAGIC.len() + place] == settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITHIN: Duration = Duration::from_millis(50);

    async fn check(sent: &[u8], expected: Result<(), Cut>) {
        let (mut client, mut server) = tokio::io::duplex(1024);
        tokio::io::AsyncWriteExt::write_all(&mut client, sent)
            .await
            .unwrap();
        let read = read(&mut server, WITHIN).await.unwrap();
        assert_eq!(read.map(|_| ()), expected, "{sent:?}");
    }

    #[tokio::test]
    async fn the_opening_must_be_whole_and_right() {
        let settings = [MAGIC.as_slice(), &[0, 0, 0, 4, 0, 0, 0, 0, 0]].concat();
        let ping = [MAGIC.as_slice(), &[0, 0, 8, 6, 0, 0, 0, 0, 0]].concat();
        check(&settings, Ok(())).await;
        check(&ping, Err(Cut::PrefaceInvalid)).await;
        check(b"GET / HTTP/1.1\r\n", Err(Cut::PrefaceInvalid)).await;
        check(b"", Err(Cut::PrefaceTimeout)).await;
        check(&settings[..12], Err(Cut::PrefaceTimeout)).await;
        check(&settings[..LENGTH - 1], Err(Cut::PrefaceTimeout)).await;
    }

    #[tokio::test]
    async fn a_client_that_leaves_is_no_cut() {
        let (client, mut server) = tokio::io::duplex(64);
        drop(client);
        assert!(read(&mut server, WITHIN).await.is_err());
    }
}
