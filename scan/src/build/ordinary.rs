//! How ordinary text looks: a byte in, about how often it is there out.

/// How often a byte of ordinary text and code is this one, in a thousand, about:
/// those that are not named are rare.
const NAMED: [(&[u8], f64); 8] = [
    (b" ", 150.0),
    (b"e", 90.0),
    (b"taoinsr", 55.0),
    (b"hldcu", 30.0),
    (b"mfpgwyb", 16.0),
    (b"\n\".,/_-:vk", 10.0),
    (b"0123456789(){}[]'=;xjqz", 4.0),
    (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ<>|*+&%$#@!?\\", 2.0),
];

/// How often any other byte is there, in a thousand.
const RARE: f64 = 0.3;

/// The share of bytes of ordinary text with these halves.
pub(crate) fn share_of_halves(low: u16, high: u16) -> f64 {
    let has = |byte: u8| low >> (byte & 15) & 1 == 1 && high >> (byte >> 4) & 1 == 1;
    let named = NAMED
        .iter()
        .flat_map(|(bytes, share)| bytes.iter().filter(|&&byte| has(byte)).map(move |_| share));
    let all = named.sum::<f64>() + f64::from(low.count_ones() * high.count_ones()) * RARE;
    (all / 1000.0).min(1.0)
}
