//! The certificate of the server and the authorities of its clients, from PEM files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use sha2::{Digest as _, Sha256};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};
use zeroize::Zeroizing;

/// What new connections shake hands with; it is replaced when the files change.
pub(crate) type Live = Arc<ArcSwap<ServerConfig>>;

/// Which files TLS is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// The server's certificate and those between it and its authority.
    pub(crate) cert: PathBuf,
    /// Its private key.
    pub(crate) key: PathBuf,
    /// Authorities one of which must have signed a client's certificate; without them clients
    /// need none.
    pub(crate) client_ca: Option<PathBuf>,
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// A file cannot be read.
    #[error("{setting} {} cannot be read: {error}", path.display())]
    Unreadable {
        /// Which setting names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// A file holds no PEM of the kind that is looked for, or a broken one.
    #[error("{setting} {} holds no {what} in PEM", path.display())]
    Empty {
        /// Which setting names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
    },
    /// The key is that of another certificate.
    #[error("the key in tls_key_file is not that of the certificate in tls_cert_file")]
    Mismatch,
    /// The certificate or the key cannot be used.
    #[error("tls_cert_file and tls_key_file cannot be used: {0}")]
    Unusable(rustls::Error),
    /// The authorities cannot be used.
    #[error("tls_client_ca_file cannot be used: {0}")]
    ClientCa(VerifierBuilderError),
}

/// The files as they were read.
pub(super) struct Contents {
    cert: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
    client_ca: Option<Vec<u8>>,
}

impl TlsFiles {
    /// Reads the files and makes TLS of them.
    ///
    /// # Errors
    /// [`TlsError`] names the setting and the file.
    pub(crate) fn load(&self) -> Result<ServerConfig, TlsError> {
        self.configure(&self.read()?)
    }

    pub(super) fn read(&self) -> Result<Contents, TlsError> {
        let client_ca = self.client_ca.as_deref();
        Ok(Contents {
            cert: read("tls_cert_file", &self.cert)?,
            key: Zeroizing::new(read("tls_key_file", &self.key)?),
            client_ca: client_ca
                .map(|path| read("tls_client_ca_file", path))
                .transpose()?,
        })
    }

    pub(super) fn configure(&self, contents: &Contents) -> Result<ServerConfig, TlsError> {
        let chain = certificates("tls_cert_file", &self.cert, &contents.cert)?;
        let key = PrivateKeyDer::from_pem_slice(&contents.key).map_err(|_| TlsError::Empty {
            setting: "tls_key_file",
            path: self.key.clone(),
            what: "private key",
        })?;
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(rustls::DEFAULT_VERSIONS)
            .map_err(TlsError::Unusable)?;
        let builder = match (&self.client_ca, &contents.client_ca) {
            (Some(path), Some(pem)) => {
                let mut roots = RootCertStore::empty();
                for authority in certificates("tls_client_ca_file", path, pem)? {
                    roots.add(authority).map_err(TlsError::Unusable)?;
                }
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                let verifier = verifier.build().map_err(TlsError::ClientCa)?;
                builder.with_client_cert_verifier(verifier)
            }
            _ => builder.with_no_client_auth(),
        };
        let mut config = builder
            .with_single_cert(chain, key)
            .map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => TlsError::Mismatch,
                error => TlsError::Unusable(error),
            })?;
        // gRPC is HTTP/2: a client that only offers something else learns so in the handshake.
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(config)
    }
}

impl Contents {
    /// By which a change is noticed.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        let client_ca = self.client_ca.as_deref().unwrap_or_default();
        for file in [self.cert.as_slice(), self.key.as_slice(), client_ca] {
            digest.update(file.len().to_le_bytes());
            digest.update(file);
        }
        digest.finalize().into()
    }
}

fn read(setting: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|error| TlsError::Unreadable {
        setting,
        path: path.to_owned(),
        error,
    })
}

fn certificates(
    setting: &'static str,
    path: &Path,
    pem: &[u8],
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    found
        .ok()
        .filter(|found| !found.is_empty())
        .ok_or_else(|| TlsError::Empty {
            setting,
            path: path.to_owned(),
            what: "certificate",
        })
}
