//! Which addresses are on the public Internet: the IANA special-purpose registries (RFC 6890) and what has joined them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses that are not public: first octets, and how many bits of them count.
const RESERVED_V4: &[([u8; 4], u32)] = &[
    ([0, 0, 0, 0], 8),       // this network
    ([10, 0, 0, 0], 8),      // private (RFC 1918)
    ([100, 64, 0, 0], 10),   // shared by carrier-grade NAT (RFC 6598)
    ([127, 0, 0, 0], 8),     // loopback
    ([169, 254, 0, 0], 16),  // link-local (RFC 3927), the metadata services of clouds among them
    ([172, 16, 0, 0], 12),   // private
    ([192, 0, 0, 0], 24),    // protocol assignments
    ([192, 0, 2, 0], 24),    // documentation (RFC 5737)
    ([192, 88, 99, 0], 24),  // 6to4 relays (RFC 7526)
    ([192, 168, 0, 0], 16),  // private
    ([198, 18, 0, 0], 15),   // benchmarks (RFC 2544)
    ([198, 51, 100, 0], 24), // documentation
    ([203, 0, 113, 0], 24),  // documentation
    ([224, 0, 0, 0], 4),     // multicast
    ([240, 0, 0, 0], 4),     // reserved, broadcast
];

/// The same for IPv6, inside the one block that is given out at all, 2000::/3.
const RESERVED_V6: &[([u16; 2], u32)] = &[
    ([0x2001, 0], 23),     // protocol assignments: Teredo, benchmarks, ORCHID
    ([0x2001, 0xdb8], 32), // documentation (RFC 3849)
    ([0x2002, 0], 16),     // 6to4: leads to an IPv4 address of the sender's choice (RFC 7526)
    ([0x3fff, 0], 20),     // documentation (RFC 9637)
];

/// Whether `address` is on the public Internet: not private, not this machine, not this link, not shared, not reserved. An
/// IPv4 address inside an IPv6 address (RFC 4291 §2.5.5.2, RFC 6052) counts as the IPv4 address.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(address) => is_public_v4(address),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    let within = |(first, prefix): &([u8; 4], u32)| {
        let first = u32::from_be_bytes(*first);
        (bits ^ first) >> (32 - prefix) == 0
    };
    !RESERVED_V4.iter().any(within)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let bits = u32::from(first) << 16 | u32::from(second);
    let within = |([first, second], prefix): &([u16; 2], u32)| {
        let reserved = u32::from(*first) << 16 | u32::from(*second);
        (bits ^ reserved) >> (32 - prefix) == 0
    };
    first >> 13 == 1 && !RESERVED_V6.iter().any(within)
}

/// The IPv4 address that a mapped address (`::ffff:0:0/96`) or a well-known translated one (`64:ff9b::/96`) leads to.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, high, low] = address.segments();
    let mapped = [a, b, c, d, e, f] == [0, 0, 0, 0, 0, 0xffff];
    let translated = [a, b, c, d, e, f] == [0x64, 0xff9b, 0, 0, 0, 0];
    (mapped || translated).then(|| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
}
