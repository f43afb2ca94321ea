//! Decimal notations of numbers for `format`: fixed point, scientific, and the shorter of both.

use num_bigint::BigUint;
use smform_types::Number;

/// The decimal digits of a finite number without its sign: `0.d1d2d3... * 10^point`, no trailing zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    digits: Vec<u8>,
    point: i64,
}

impl Decimal {
    /// All digits of a number; nothing for infinity.
    pub(super) fn exact(number: &Number) -> Option<Decimal> {
        let (_, mantissa, exponent) = number.to_binary()?;
        let (whole, places) = if exponent >= 0 {
            (mantissa << exponent.unsigned_abs(), 0)
        } else {
            // m * 2^-k is m * 5^k / 10^k.
            let places = u32::try_from(exponent.unsigned_abs()).ok()?;
            (mantissa * BigUint::from(5u8).pow(places), i64::from(places))
        };
        Some(Decimal::new(whole.to_string().as_bytes(), -places))
    }

    /// As many digits as tell the number from its neighbours; nothing for infinity.
    pub(super) fn shortest(number: &Number) -> Option<Decimal> {
        if number.is_infinite() {
            return None;
        }
        let text = number.abs().to_string();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let places = i64::try_from(fraction.len()).ok()?;
        Some(Decimal::new(format!("{whole}{fraction}").as_bytes(), -places))
    }

    /// From digits that stand for a whole number, times a power of ten.
    fn new(digits: &[u8], exponent: i64) -> Decimal {
        let leading = digits.iter().take_while(|digit| **digit == b'0').count();
        let mut digits = digits.get(leading..).unwrap_or_default().to_vec();
        let point = length(&digits).saturating_add(exponent);
        trim(&mut digits);
        let point = if digits.is_empty() { 0 } else { point };
        Decimal { digits, point }
    }

    /// Rounded to `count` digits, half to even.
    fn round(&self, count: i64) -> Decimal {
        let Ok(kept) = usize::try_from(count) else { return Decimal { digits: Vec::new(), point: 0 } };
        let Some((head, tail)) = self.digits.split_at_checked(kept) else { return self.clone() };
        let odd = head.last().is_some_and(|digit| digit % 2 == 1);
        let up = match tail {
            [] => false,
            [b'5'] => odd,
            [first, ..] => *first >= b'5',
        };
        let mut digits = head.to_vec();
        let mut point = self.point;
        if up {
            while digits.last() == Some(&b'9') {
                digits.pop();
            }
            match digits.last_mut() {
                Some(last) => *last += 1,
                None => {
                    digits.push(b'1');
                    point = point.saturating_add(1);
                }
            }
        }
        trim(&mut digits);
        if digits.is_empty() {
            point = 0;
        }
        Decimal { digits, point }
    }

    fn digit(&self, at: i64) -> char {
        usize::try_from(at).ok().and_then(|at| self.digits.get(at)).map_or('0', |digit| char::from(*digit))
    }

    /// Fixed point, with `places` digits after it.
    pub(super) fn fixed(&self, places: usize) -> String {
        let places = i64::try_from(places).unwrap_or(i64::MAX);
        let rounded = self.round(self.point.saturating_add(places));
        let mut out = String::new();
        if rounded.point > 0 {
            out.extend((0..rounded.point).map(|at| rounded.digit(at)));
        } else {
            out.push('0');
        }
        if places > 0 {
            out.push('.');
            out.extend((0..places).map(|at| rounded.digit(rounded.point + at)));
        }
        out
    }

    /// One digit, a point, `places` digits and an exponent of at least two digits.
    pub(super) fn scientific(&self, places: usize, letter: char) -> String {
        let places = i64::try_from(places).unwrap_or(i64::MAX);
        let rounded = self.round(places.saturating_add(1));
        let mut out = String::from(rounded.digit(0));
        if places > 0 {
            out.push('.');
            out.extend((1..=places).map(|at| rounded.digit(at)));
        }
        let exponent = if rounded.digits.is_empty() { 0 } else { rounded.point - 1 };
        let sign = if exponent < 0 { '-' } else { '+' };
        out.push_str(&format!("{letter}{sign}{:02}", exponent.abs()));
        out
    }

    /// Scientific for large and small exponents, fixed point otherwise; `precision` digits, or as many as there are.
    pub(super) fn general(&self, precision: Option<usize>, letter: char) -> String {
        let rounded = match precision {
            Some(precision) => self.round(i64::try_from(precision.max(1)).unwrap_or(i64::MAX)),
            None => self.clone(),
        };
        let count = length(&rounded.digits);
        let limit = match precision.map(|precision| i64::try_from(precision.max(1)).unwrap_or(i64::MAX)) {
            None => 6,
            Some(limit) if limit > count && count >= rounded.point => count,
            Some(limit) => limit,
        };
        let exponent = rounded.point - 1;
        if exponent < -4 && !rounded.digits.is_empty() || exponent >= limit {
            return rounded.scientific(rounded.digits.len().saturating_sub(1), letter);
        }
        rounded.fixed(usize::try_from(count - rounded.point).unwrap_or(0))
    }
}

fn length(digits: &[u8]) -> i64 {
    i64::try_from(digits.len()).unwrap_or(i64::MAX)
}

fn trim(digits: &mut Vec<u8>) {
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> Decimal {
        Number::parse(text).as_ref().and_then(Decimal::exact).expect("a number")
    }

    #[test]
    fn rounding_is_exact_and_half_to_even() {
        assert_eq!(["0.5", "1.5", "2.5"].map(|text| exact(text).fixed(0)), ["0", "2", "2"]);
        assert_eq!(exact("0.125").fixed(2), "0.12");
        assert_eq!(exact("999.96").fixed(1), "1000.0");
        assert_eq!(exact("0.95").general(Some(1), 'e'), "0.9");
        assert_eq!(exact("123456.789").scientific(6, 'e'), "1.234568e+05");
        assert_eq!(exact("0").scientific(6, 'e'), "0.000000e+00");
    }

    #[test]
    fn the_shorter_notation_is_chosen() {
        let general = |text: &str| Number::parse(text).as_ref().and_then(Decimal::shortest).expect("a number");
        let notations =
            ["1000000", "100000", "0.0001", "0.00001", "0", "1.5"].map(|text| general(text).general(None, 'e'));
        assert_eq!(notations, ["1e+06", "100000", "0.0001", "1e-05", "0", "1.5"]);
        assert_eq!(exact("123456789012").general(Some(10), 'e'), "1.23456789e+11");
        assert_eq!(exact("100000").general(Some(10), 'e'), "100000");
    }
}
