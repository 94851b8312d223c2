//! What signing costs: `cargo bench -p content --bench sign --profile release`.
//!
//! Each line is the fastest of several rounds, which is what the code costs when nothing else runs.
#![expect(
    clippy::print_stdout,
    reason = "printing the figures is what this program is for"
)]
#![expect(clippy::unwrap_used, reason = "a bench that cannot begin may end")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use content::author::author_domain;
use content::dkim::{BodyHash, PrivateKey, SelectedKey, Signer, generate};
use content::header::block_length;
use mail_auth::common::crypto::{Ed25519Key, RsaKey, Sha256};
use mail_auth::common::headers::HeaderWriter;
use mail_auth::dkim::DkimSigner;

const ROUNDS: usize = 15;
const BODY_BYTES: usize = 10 * 1024;

fn main() {
    bare_signatures();
    let message = message();
    our_signing(&message);
    their_signing(&message);
}

fn bare_signatures() {
    let data = digest::digest(&digest::SHA256, b"data");
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let mut signature = vec![0; rsa.public_modulus_len()];
    measure("bare RSA-2048 signature", 200, || {
        rsa.sign_digest(&RSA_PKCS1_SHA256, &data, &mut signature).unwrap()
    });
    let ed25519 = Ed25519KeyPair::generate().unwrap();
    measure("bare Ed25519 signature", 2000, || ed25519.sign(data.as_ref()));
}

fn our_signing(message: &[u8]) {
    let made = generate("example.com", "r1", "e1").unwrap();
    let keys = [&made.rsa, &made.ed25519];
    let load = |index: usize| {
        SelectedKey::new(
            &keys[index].selector,
            PrivateKey::from_pem(&keys[index].private_key_pem).unwrap(),
        )
    };
    let both = Signer::new("example.com", vec![load(0), load(1)]).unwrap();
    let ed25519_only = Signer::new("example.com", vec![load(1)]).unwrap();
    let (header, body) = message.split_at(block_length(message).unwrap());
    let html = html_body();

    measure("SHA-256 of the bare body", 5000, || {
        digest::digest(&digest::SHA256, body)
    });
    measure("body hash, text", 5000, || hash(body));
    measure("body hash, indented HTML", 5000, || hash(&html));
    measure("author's domain", 5000, || author_domain(header));
    let digest = hash(body);
    measure("header, Ed25519", 2000, || {
        ed25519_only.sign(header, &digest, 1_700_000_000)
    });
    measure("all of it, Ed25519", 2000, || {
        ed25519_only.sign(header, &hash(body), 1_700_000_000)
    });
    measure("all of it, RSA + Ed25519", 200, || {
        both.sign(header, &hash(body), 1_700_000_000)
    });
}

fn their_signing(message: &[u8]) {
    const HEADERS: [&str; 8] = [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
    ];
    let rsa: Pkcs8V1Der<'_> = RsaKeyPair::generate(KeySize::Rsa2048).unwrap().as_der().unwrap();
    let rsa = RsaKey::<Sha256>::from_key_der(rsa.as_ref().try_into().unwrap()).unwrap();
    let ed25519 = Ed25519Key::from_pkcs8_der(&Ed25519Key::generate_pkcs8().unwrap()).unwrap();
    let rsa = DkimSigner::from_key(rsa)
        .domain("example.com")
        .selector("r1")
        .headers(HEADERS);
    let ed25519 = DkimSigner::from_key(ed25519)
        .domain("example.com")
        .selector("e1")
        .headers(HEADERS);
    measure("mail-auth, Ed25519", 2000, || {
        ed25519.sign(message).unwrap().to_header()
    });
    measure("mail-auth, RSA + Ed25519", 200, || {
        (
            rsa.sign(message).unwrap().to_header(),
            ed25519.sign(message).unwrap().to_header(),
        )
    });
}

fn hash(body: &[u8]) -> content::dkim::BodyDigest {
    let mut hash = BodyHash::new();
    hash.push(body);
    hash.finish()
}

/// A message as an application sends it, with a body of 10 KB of text in lines of 76 octets.
fn message() -> Vec<u8> {
    let header = "Received: from app.example.com ([192.0.2.7]) by mta.example.com with ESMTPSA\r\n\
        \tid 0190a1b2c3d4; Tue, 14 Nov 2023 22:13:20 +0000\r\n\
        Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n\
        From: \"The Example Newsletter\" <news@example.com>\r\n\
        To: Someone Else <someone.else@example.org>\r\n\
        Subject: What happened in November, and what is going to happen in\r\n December\r\n\
        Message-ID: <0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b@example.com>\r\n\
        X-Mailer: An application 1.2.3\r\n\
        MIME-Version: 1.0\r\n\
        Content-Type: text/plain; charset=utf-8\r\n\
        Content-Transfer-Encoding: 8bit\r\n\r\n";
    let line = "It was a dark and stormy night; the rain fell in torrents, except at times.\r\n";
    let body = line.repeat(BODY_BYTES.div_ceil(line.len()));
    [header.as_bytes(), body.as_bytes()].concat()
}

fn html_body() -> Vec<u8> {
    let lines = "    <tr>\r\n        <td class=\"cell\">A cell of a table, as templates make them</td>\r\n    </tr>\r\n";
    lines.repeat(BODY_BYTES.div_ceil(lines.len())).into_bytes()
}

fn measure<T>(name: &str, times: u32, mut work: impl FnMut() -> T) {
    let round = |_| {
        let begin = Instant::now();
        for _ in 0..times {
            black_box(work());
        }
        begin.elapsed() / times
    };
    let fastest = (0..ROUNDS).map(round).min().unwrap_or(Duration::ZERO);
    println!("{name:<28} {:>9.2} us", fastest.as_secs_f64() * 1e6);
}
