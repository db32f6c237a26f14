//! Programs that prove who they are with a key of their own (`private_key_jwt`: RFC 7523, OpenID Connect Core 9): they
//! sign a short statement, and we keep public keys only. The keys stand in the registration: nothing is fetched.

use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use domain::id::ClientId;
use ed25519_dalek::VerifyingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::Value;

/// The difference between two clocks that is forgiven.
const LEEWAY: Duration = Duration::seconds(30);
/// How long a statement may live.
const LONGEST: Duration = Duration::minutes(10);
/// How many keys a program has at most: one in use, one to come, and some to spare.
const MAX_KEYS: usize = 5;
/// The lengths of an RSA modulus that are accepted, bits: no less is safe, and no more is verified.
const MODULUS: RangeInclusive<usize> = 2048..=4096;
/// The smallest public exponent of RSA that is accepted, and by far the usual one.
const MIN_EXPONENT: u32 = 65_537;

/// Why keys are not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// It is not a JSON Web Key Set (RFC 7517), or an empty or an overlong one.
    #[error("expected a JSON Web Key Set (RFC 7517) of 1 to {MAX_KEYS} keys")]
    NoSet,
    /// A key is not a public key of a kind that is known.
    #[error("expected public keys: OKP Ed25519, EC P-256, or RSA of 2048 to 4096 bits")]
    Kind,
    /// A private key was sent: it must be taken for leaked.
    #[error("this is a private key: it is not kept, and should no longer be used")]
    Private,
}

/// Why a statement is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client assertion is not valid")]
pub struct AssertionError;

/// A statement that was verified. It is to be accepted once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// Its id.
    pub jti: String,
    /// When its time is over.
    pub expires_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    exp: i64,
    nbf: Option<i64>,
    iat: Option<i64>,
    jti: String,
}

/// Whether these are keys that a program can be registered with.
///
/// # Errors
/// See [`KeysError`].
pub fn check_keys(keys: &Value) -> Result<(), KeysError> {
    let members = keys["keys"].as_array().filter(|keys| (1..=MAX_KEYS).contains(&keys.len()));
    let members = members.ok_or(KeysError::NoSet)?;
    if members.iter().any(|key| ["d", "p", "q", "k"].iter().any(|part| key.get(part).is_some())) {
        return Err(KeysError::Private);
    }
    let set: JwkSet = serde_json::from_value(keys.clone()).map_err(|_| KeysError::NoSet)?;
    if set.keys.iter().all(is_sound) { Ok(()) } else { Err(KeysError::Kind) }
}

/// Whether signatures can be verified with a key, and are worth something.
fn is_sound(key: &Jwk) -> bool {
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
    match &key.algorithm {
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            let point = bytes(&pair.x).try_into().ok().and_then(|x| VerifyingKey::from_bytes(&x).ok());
            // Under a point of small order, some signatures are anybody's.
            point.is_some_and(|point| !point.is_weak())
        }
        // The library says so when the key is no point of the curve, before it looks at the signature.
        AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => {
            decoding(key).is_some_and(|key| jsonwebtoken::crypto::verify("", &[], &key, Algorithm::ES256).is_ok())
        }
        AlgorithmParameters::RSA(rsa) => {
            let exponent = bytes(&rsa.e).iter().try_fold(0_u32, |e, byte| Some(e.checked_mul(256)? + u32::from(*byte)));
            let good = exponent.is_some_and(|e| e >= MIN_EXPONENT && e % 2 == 1);
            good && MODULUS.contains(&bits(&bytes(&rsa.n))) && decoding(key).is_some()
        }
        _ => false,
    }
}

/// The length of a number, highest byte first.
fn bits(number: &[u8]) -> usize {
    let number = number.iter().position(|byte| *byte != 0).map_or(&[][..], |begin| &number[begin..]);
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

/// The algorithm that a key of this kind signs with; none when it is of no kind that we know.
fn algorithm(key: &Jwk) -> Option<Algorithm> {
    match &key.algorithm {
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => Some(Algorithm::EdDSA),
        AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => Some(Algorithm::ES256),
        AlgorithmParameters::RSA(_) => Some(Algorithm::RS256),
        _ => None,
    }
}

fn decoding(key: &Jwk) -> Option<DecodingKey> {
    DecodingKey::from_jwk(key).ok()
}

/// The program that a statement says it is of. Nothing is verified yet.
#[must_use]
pub fn client_of(assertion: &str) -> Option<ClientId> {
    #[derive(Deserialize)]
    struct Subject {
        sub: String,
    }
    let subject = jsonwebtoken::dangerous::insecure_decode::<Subject>(assertion).ok()?;
    subject.claims.sub.parse().map(ClientId).ok()
}

/// Verifies a statement of a program: signed with one of its keys, about itself, for one of these audiences, lately.
///
/// # Errors
/// When it is not; which of them is not said.
pub fn verify(
    assertion: &str,
    client: ClientId,
    keys: &Value,
    audiences: &[String],
    now: DateTime<Utc>,
) -> Result<Assertion, AssertionError> {
    let set: JwkSet = serde_json::from_value(keys.clone()).map_err(|_| AssertionError)?;
    // RFC 7515, 4.1.11: no extension is understood.
    let header = jsonwebtoken::decode_header(assertion).ok().filter(|header| header.crit.is_none());
    let header = header.ok_or(AssertionError)?;
    let fits = |key: &&Jwk| {
        let named = header.kid.is_none() || key.common.key_id == header.kid;
        named && algorithm(key) == Some(header.alg)
    };
    // The library does not expect a key that is none; one may have been registered by an earlier version.
    let claims = set.keys.iter().filter(fits).filter(|key| is_sound(key)).find_map(|key| {
        let mut validation = Validation::new(algorithm(key)?);
        validation.set_audience(audiences);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The library would read the system's clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        jsonwebtoken::decode::<Claims>(assertion, &decoding(key)?, &validation).ok()
    });
    let Claims { iss, sub, exp, nbf, iat, jti } = claims.ok_or(AssertionError)?.claims;
    let own = client.to_string();
    let expires_at = DateTime::from_timestamp(exp, 0).ok_or(AssertionError)?;
    let in_time = now < expires_at + LEEWAY && expires_at <= now + LONGEST + LEEWAY;
    let begun = nbf.into_iter().chain(iat).all(|begin| begin <= (now + LEEWAY).timestamp());
    if iss == own && sub == own && in_time && begun && (1..=200).contains(&jti.len()) && !jti.contains(char::is_control)
    {
        Ok(Assertion { jti, expires_at: expires_at + LEEWAY })
    } else {
        Err(AssertionError)
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;
    use ed25519_dalek::pkcs8::EncodePrivateKey as _;
    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    const CLIENT: ClientId = ClientId(Uuid::from_u128(7));

    fn now() -> DateTime<Utc> {
        "2026-03-10T09:00:00Z".parse().unwrap()
    }

    fn key() -> (EncodingKey, Value) {
        let key = SigningKey::from_bytes(&rand::random());
        let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
        let der = key.to_pkcs8_der().unwrap();
        (EncodingKey::from_ed_der(der.as_bytes()), json!({ "kty": "OKP", "crv": "Ed25519", "kid": "one", "x": x }))
    }

    fn claims() -> Value {
        let now = now().timestamp();
        json!({ "iss": CLIENT.to_string(), "sub": CLIENT.to_string(), "aud": "https://a.example", "exp": now + 60, "iat": now, "jti": "x" })
    }

    #[test]
    fn a_statement_is_accepted_when_every_part_of_it_is_right() {
        let (private, public) = key();
        let keys = json!({ "keys": [public] });
        let audiences = ["https://a.example".to_owned(), "https://a.example/oauth/token".to_owned()];
        let sign = |claims: &Value, key: &EncodingKey| {
            let header = Header { kid: Some("one".into()), ..Header::new(Algorithm::EdDSA) };
            jsonwebtoken::encode(&header, claims, key).unwrap()
        };
        let verify = |assertion: &str| verify(assertion, CLIENT, &keys, &audiences, now());
        let good = sign(&claims(), &private);
        assert_eq!(client_of(&good), Some(CLIENT));
        assert_eq!(verify(&good).unwrap().jti, "x");
        let at = now().timestamp();
        for changed in [
            json!({ "iss": "other" }),
            json!({ "sub": Uuid::nil() }),
            json!({ "aud": "https://b.example" }),
            json!({ "exp": at - 31 }),
            json!({ "exp": at + 3600 }),
            json!({ "nbf": at + 60 }),
            json!({ "jti": "" }),
            json!({ "jti": "a\0b" }),
            json!({ "jti": null }),
        ] {
            let mut claims = claims();
            claims.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
            assert_eq!(verify(&sign(&claims, &private)), Err(AssertionError), "{changed}");
        }
        assert_eq!(verify(&sign(&claims(), &key().0)), Err(AssertionError), "another key");
        assert_eq!(verify(&good[..good.len() - 4]), Err(AssertionError));
        assert_eq!(verify(""), Err(AssertionError));
    }

    #[test]
    fn only_public_keys_of_known_kinds_are_registered() {
        let (_, public) = key();
        assert_eq!(check_keys(&json!({ "keys": [public] })), Ok(()));
        let with = |changes: Value| {
            let mut key = public.clone();
            key.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            json!({ "keys": [key] })
        };
        assert_eq!(check_keys(&with(json!({ "d": "x" }))), Err(KeysError::Private));
        assert_eq!(check_keys(&with(json!({ "x": "short" }))), Err(KeysError::Kind));
        assert_eq!(check_keys(&json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] })), Err(KeysError::Private));
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut off_the_curve = [0; 32];
        off_the_curve[0] = 2;
        let mut neutral = [0; 32];
        neutral[0] = 1;
        for x in [&[7][..], &[7; 31], &[7; 33], &off_the_curve, &neutral, &[0; 32]] {
            assert_eq!(check_keys(&with(json!({ "x": encode(x) }))), Err(KeysError::Kind), "{x:?}");
        }
        let alone = |key: Value| check_keys(&json!({ "keys": [key] }));
        let rsa = |n: &[u8], e: &[u8]| alone(json!({ "kty": "RSA", "e": encode(e), "n": encode(n) }));
        let usual = [1, 0, 1];
        assert_eq!((rsa(&[255; 256], &usual), rsa(&[255; 512], &usual)), (Ok(()), Ok(())));
        let longer_by_nothing = [&[0; 2][..], &[255; 255]].concat();
        for (n, e) in [
            (&[255; 128][..], &usual[..]),
            (&longer_by_nothing, &usual),
            (&[127; 256], &usual),
            (&[255; 513], &usual),
            (&[255; 256], &[1]),
            (&[255; 256], &[3]),
            (&[255; 256], &[1, 0, 2]),
            (&[255; 256], &[1, 0, 0, 0, 1]),
            (&[255; 256], &[]),
        ] {
            assert_eq!(rsa(n, e), Err(KeysError::Kind), "{} bytes, {e:?}", n.len());
        }
        // RFC 7517, A.1.
        let x = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
        let y = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";
        let point = |x: &str, y: &str| alone(json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y }));
        assert_eq!(point(x, y), Ok(()));
        for (x, y) in [(y, x), (x, x), (x, ""), ("AQ", y), (&encode(&[0; 32]), &encode(&[0; 32]))] {
            assert_eq!(point(x, y), Err(KeysError::Kind), "{x} {y}");
        }
        for none in [json!({}), json!({ "keys": [] }), json!({ "keys": vec![public.clone(); 6] }), json!("x")] {
            assert_eq!(check_keys(&none), Err(KeysError::NoSet));
        }
    }
}
