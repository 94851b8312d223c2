//! What a certificate says about itself: its DNS names and how long it is valid (RFC 5280 §4.1).
//!
//! Whether it can be trusted is none of this file's business: rustls decides that. This reads the two fields that
//! choosing and warning need, of certificates that the operator configured.

/// The names and the validity of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The DNS names of the subjectAltName extension, in lower case, wildcards included.
    pub(crate) names: Vec<String>,
    pub(crate) not_before_unix_s: i64,
    pub(crate) not_after_unix_s: i64,
}

const INTEGER: u8 = 0x02;
const BOOLEAN: u8 = 0x01;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// `[2]` of GeneralName.
const DNS_NAME: u8 = 0x82;
/// `[0]` and `[3]` of TBSCertificate.
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
/// 2.5.29.17.
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];

/// Reads the facts from a certificate in DER. `None` if it is not one.
pub(crate) fn facts(certificate: &[u8]) -> Option<Facts> {
    let mut whole = Der(Der(certificate).expect(SEQUENCE)?);
    let mut tbs = Der(whole.expect(SEQUENCE)?);
    tbs.skip_optional(VERSION);
    tbs.expect(INTEGER)?; // serialNumber
    tbs.expect(SEQUENCE)?; // signature
    tbs.expect(SEQUENCE)?; // issuer
    let mut validity = Der(tbs.expect(SEQUENCE)?);
    let not_before_unix_s = validity.time()?;
    let not_after_unix_s = validity.time()?;
    Some(Facts {
        names: names(tbs)?,
        not_before_unix_s,
        not_after_unix_s,
    })
}

/// The DNS names among the extensions, which are what is left of TBSCertificate; none if there are no extensions.
fn names(mut tbs: Der<'_>) -> Option<Vec<String>> {
    let mut names = Vec::new();
    while let Some((tag, content)) = tbs.next() {
        if tag == EXTENSIONS {
            let mut extensions = Der(Der(content).expect(SEQUENCE)?);
            while let Some((_, extension)) = extensions.next() {
                push_names(Der(extension), &mut names)?;
            }
        }
    }
    Some(names)
}

/// Takes the DNS names of an extension, if it is the one that holds names (RFC 5280 §4.2.1.6).
fn push_names(mut extension: Der<'_>, names: &mut Vec<String>) -> Option<()> {
    if extension.expect(OBJECT_IDENTIFIER)? != SUBJECT_ALT_NAME {
        return Some(());
    }
    extension.skip_optional(BOOLEAN); // critical
    let mut general_names = Der(Der(extension.expect(OCTET_STRING)?).expect(SEQUENCE)?);
    while let Some((tag, name)) = general_names.next() {
        if tag == DNS_NAME {
            names.push(std::str::from_utf8(name).ok()?.to_ascii_lowercase());
        }
    }
    Some(())
}

/// Elements of DER, one after the other.
#[derive(Clone, Copy)]
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// Tag and content of the next element.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, first], mut rest) = self.0.split_first_chunk::<2>()?;
        let length = match first {
            0..=0x7f => usize::from(first),
            // The next one to three octets are the length; certificates are not larger than 16 MB.
            0x81..=0x83 => {
                let (octets, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
                rest = after;
                octets
                    .iter()
                    .fold(0, |length, &octet| length << 8 | usize::from(octet))
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// The content of the next element, which has this tag.
    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next()
            .filter(|&(found, _)| found == tag)
            .map(|(_, content)| content)
    }

    fn skip_optional(&mut self, tag: u8) {
        if self.0.first() == Some(&tag) {
            self.next();
        }
    }

    /// RFC 5280 §4.1.2.5: YYMMDDHHMMSSZ until 2049, YYYYMMDDHHMMSSZ from 2050 on; in seconds since 1970.
    fn time(&mut self) -> Option<i64> {
        let (tag, content) = self.next()?;
        let digits = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
        let (year, rest) = match tag {
            UTC_TIME => {
                let (year, rest) = digits.split_at_checked(2)?;
                let year: i64 = year.parse().ok()?;
                (if year < 50 { 2000 + year } else { 1900 + year }, rest)
            }
            GENERALIZED_TIME => {
                let (year, rest) = digits.split_at_checked(4)?;
                (year.parse().ok()?, rest)
            }
            _ => return None,
        };
        let field = |index: usize| rest.get(2 * index..2 * index + 2)?.parse::<i64>().ok();
        let days = days_since_1970(year, field(0)?, field(1)?);
        Some(((days * 24 + field(2)?) * 60 + field(3)?) * 60 + field(4)?)
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Years are counted from March, so that the leap day is
/// the last of its year; 400 years have 146 097 days.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn names_and_validity_are_read() {
        // Before and after 2050 the times are written in different forms.
        for ((year, month, day), not_after_unix_s) in [
            ((2024, 2, 29), 1_709_164_800),
            ((2049, 12, 31), 2_524_521_600),
            ((4096, 1, 1), 67_090_118_400),
        ] {
            let names = ["Mail.Example.com", "*.example.org", "192.0.2.1"].map(str::to_owned);
            let mut params = CertificateParams::new(names).unwrap();
            params.not_before = date_time_ymd(1999, 12, 31);
            params.not_after = date_time_ymd(year, month, day);
            let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
            let expected = Facts {
                names: ["mail.example.com", "*.example.org"].map(str::to_owned).into(),
                not_before_unix_s: 946_598_400,
                not_after_unix_s,
            };
            assert_eq!(facts(certificate.der()), Some(expected), "{year}");
        }
    }

    #[test]
    fn a_certificate_without_extensions_has_no_names() {
        let certificate = CertificateParams::default()
            .self_signed(&KeyPair::generate().unwrap())
            .unwrap();
        assert_eq!(facts(certificate.der()).unwrap().names, [""; 0]);
    }

    #[test]
    fn what_is_cut_short_is_no_certificate() {
        let certificate = CertificateParams::new(["a.example".to_owned()]).unwrap();
        let certificate = certificate.self_signed(&KeyPair::generate().unwrap()).unwrap();
        for length in 0..certificate.der().len() {
            assert_eq!(facts(&certificate.der()[..length]), None, "{length}");
        }
    }

    #[test]
    fn dates_are_counted_in_days() {
        let table = [
            (1970, 1, 1, 0),
            (1969, 12, 31, -1),
            (2000, 2, 29, 11_016),
            (2000, 3, 1, 11_017),
            (2100, 3, 1, 47_541),
        ];
        for (year, month, day, expected) in table {
            assert_eq!(
                days_since_1970(year, month, day),
                expected,
                "{year}-{month}-{day}"
            );
        }
    }
}
