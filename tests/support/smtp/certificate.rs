//! A certificate for the server, and the authority that vouches for it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The authority's certificate, in the server's folder.
pub(super) const AUTHORITY: &str = "authority.pem";

/// What the server encrypts with. The certificate is made once for each folder, so that a server that comes back is
/// the same.
pub(super) fn config(folder: &Path) -> Arc<ServerConfig> {
    let (certificate, key) = (folder.join("server.pem"), folder.join("server.key"));
    if !folder.join(AUTHORITY).exists() {
        make(folder, &certificate, &key);
    }
    let chain = vec![CertificateDer::from_pem_file(certificate).expect("the server's certificate")];
    let key = PrivateKeyDer::from_pem_file(key).expect("the server's key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = builder.expect("ring speaks TLS 1.2 and 1.3").with_no_client_auth().with_single_cert(chain, key);
    Arc::new(config.expect("the key belongs to the certificate"))
}

fn make(folder: &Path, certificate: &Path, key: &Path) {
    let mut authority = CertificateParams::new(Vec::new()).expect("no names");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, "Tests");
    let authority_key = KeyPair::generate().expect("a key");
    let vouches = authority.self_signed(&authority_key).expect("the authority's certificate");

    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let server = CertificateParams::new(names).expect("two names");
    let server_key = KeyPair::generate().expect("a key");
    let issuer = Issuer::new(authority, authority_key);
    let signed = server.signed_by(&server_key, &issuer).expect("the server's certificate");

    fs::write(certificate, signed.pem()).expect("server.pem");
    fs::write(key, server_key.serialize_pem()).expect("server.key");
    fs::write(folder.join(AUTHORITY), vouches.pem()).expect("authority.pem");
}
