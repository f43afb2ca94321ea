//! Numbers: binary floating point of 512 bits, the arithmetic that Terraform's language is defined by.
//!
//! A number remembers its precision, since the text of a quotient depends on it: literals have 512 bits, whole
//! numbers that functions count have 64, results of floating-point functions 53. Every operation rounds to the
//! larger precision of its operands, half to even. Text never has an exponent and is the shortest decimal that
//! reads back as the same number.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use num_bigint::{BigInt, BigUint, Sign};

/// Precision in bits of a literal.
pub const LITERAL_PRECISION: u32 = 512;
/// Decimal exponents beyond this cannot be meant; refusing them bounds memory and time.
const EXPONENT_LIMIT: i64 = 100_000;

/// A number, possibly infinite; never "not a number".
#[derive(Clone, Debug)]
pub struct Number {
    form: Form,
    precision: u32,
}

#[derive(Clone, Debug)]
enum Form {
    /// Small whole numbers, which nearly all are.
    Int(i64),
    /// `mantissa * 2^exponent`, the mantissa odd (or zero, for negative zero).
    Float {
        negative: bool,
        mantissa: BigUint,
        exponent: i64,
    },
    Infinity {
        negative: bool,
    },
}

impl Number {
    /// Zero.
    pub const ZERO: Number = Number { form: Form::Int(0), precision: LITERAL_PRECISION };

    /// Positive or negative infinity.
    #[must_use]
    pub const fn infinity(negative: bool) -> Number {
        Number { form: Form::Infinity { negative }, precision: LITERAL_PRECISION }
    }

    /// A decimal literal: digits, optional fraction, optional exponent, optional sign; the digits before or after the
    /// point may be missing, as text that is converted may have it. Nothing for any other text,
    /// or for an exponent beyond 100,000.
    #[must_use]
    pub fn parse(text: &str) -> Option<Number> {
        let (negative, body) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (digits, exponent) = match body.split_once(['e', 'E']) {
            Some((digits, exponent)) => {
                let plain = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
                if plain.is_empty() || !plain.bytes().all(|b| b.is_ascii_digit()) {
                    return None;
                }
                (digits, exponent.parse::<i64>().ok()?)
            }
            None => (body, 0),
        };
        let (whole, fraction) = digits.split_once('.').map_or((digits, ""), |(whole, fraction)| (whole, fraction));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        if !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
            return None;
        }
        if exponent == 0 && fraction.is_empty() && whole.len() <= 18 {
            let value: i64 = whole.parse().ok()?;
            if value != 0 || !negative {
                return Some(Number {
                    form: Form::Int(if negative { -value } else { value }),
                    precision: LITERAL_PRECISION,
                });
            }
        }
        let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        if exponent.abs() > EXPONENT_LIMIT {
            return None;
        }
        let mantissa = BigUint::parse_bytes(format!("{whole}{fraction}").as_bytes(), 10)?;
        let power = BigUint::from(10u8).pow(u32::try_from(exponent.unsigned_abs()).ok()?);
        Some(if exponent >= 0 {
            round(negative, mantissa * power, 0, false, LITERAL_PRECISION)
        } else {
            divide(negative, &mantissa, 0, &power, 0, LITERAL_PRECISION)
        })
    }

    /// The number nearest to a float; nothing for "not a number".
    #[must_use]
    pub fn from_f64(value: f64) -> Option<Number> {
        if value.is_nan() {
            return None;
        }
        if value.is_infinite() {
            return Some(Number { precision: 53, ..Number::infinity(value < 0.0) });
        }
        let bits = value.to_bits();
        let raw = i64::try_from((bits >> 52) & 0x7ff).unwrap_or(0);
        let fraction = bits & ((1 << 52) - 1);
        let (mantissa, exponent) = if raw == 0 { (fraction, -1074) } else { (fraction | (1 << 52), raw - 1075) };
        Some(round(value.is_sign_negative(), BigUint::from(mantissa), exponent, false, 53))
    }

    /// The nearest float.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        match &self.form {
            Form::Infinity { negative } => {
                if *negative {
                    f64::NEG_INFINITY
                } else {
                    f64::INFINITY
                }
            }
            Form::Int(_) | Form::Float { .. } => self.to_string().parse().unwrap_or(f64::NAN),
        }
    }

    /// The whole number, if it is one and fits.
    #[must_use]
    pub fn to_i64(&self) -> Option<i64> {
        match &self.form {
            Form::Int(value) => Some(*value),
            _ => self.to_bigint().and_then(|value| i64::try_from(value).ok()),
        }
    }

    /// The whole number, if it is one.
    #[must_use]
    pub fn to_bigint(&self) -> Option<BigInt> {
        match &self.form {
            Form::Int(value) => Some(BigInt::from(*value)),
            Form::Float { negative, mantissa, exponent } if *exponent >= 0 => {
                let sign = if *negative { Sign::Minus } else { Sign::Plus };
                Some(BigInt::from_biguint(sign, mantissa << u64::try_from(*exponent).ok()?))
            }
            _ => None,
        }
    }

    /// A whole number of any size, with precision enough to hold it exactly.
    #[must_use]
    pub fn from_bigint(value: &BigInt) -> Number {
        let bits = u32::try_from(value.bits()).unwrap_or(u32::MAX);
        round(value.sign() == Sign::Minus, value.magnitude().clone(), 0, false, bits.max(LITERAL_PRECISION))
    }

    /// Whether it is a whole number.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        match &self.form {
            Form::Int(_) => true,
            Form::Float { exponent, .. } => *exponent >= 0,
            Form::Infinity { .. } => false,
        }
    }

    /// Whether it is infinite.
    #[must_use]
    pub const fn is_infinite(&self) -> bool {
        matches!(self.form, Form::Infinity { .. })
    }

    /// Whether it is below zero (negative zero is not).
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.cmp(&Number::ZERO) == Ordering::Less
    }

    /// Whether it is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        match &self.form {
            Form::Int(value) => *value == 0,
            Form::Float { mantissa, .. } => *mantissa == BigUint::ZERO,
            Form::Infinity { .. } => false,
        }
    }

    /// The number without its sign.
    #[must_use]
    pub fn abs(&self) -> Number {
        if self.has_minus() { self.negate() } else { self.clone() }
    }

    /// The number with the other sign. Zero becomes negative zero.
    #[must_use]
    pub fn negate(&self) -> Number {
        let form = match &self.form {
            Form::Int(0) => Form::Float { negative: true, mantissa: BigUint::ZERO, exponent: 0 },
            Form::Int(value) => match value.checked_neg() {
                Some(value) => Form::Int(value),
                None => Form::Float { negative: false, mantissa: BigUint::from(1u8), exponent: 63 },
            },
            Form::Float { negative: true, mantissa, .. } if *mantissa == BigUint::ZERO => Form::Int(0),
            Form::Float { negative, mantissa, exponent } => {
                Form::Float { negative: !negative, mantissa: mantissa.clone(), exponent: *exponent }
            }
            Form::Infinity { negative } => Form::Infinity { negative: !negative },
        };
        Number { form, precision: self.precision }
    }

    /// The sum; nothing for infinity minus infinity.
    #[must_use]
    pub fn add(&self, other: &Number) -> Option<Number> {
        let precision = self.precision.max(other.precision);
        if let (Form::Int(a), Form::Int(b)) = (&self.form, &other.form)
            && let Some(sum) = a.checked_add(*b)
        {
            return Some(Number { form: Form::Int(sum), precision });
        }
        match (self.infinite_sign(), other.infinite_sign()) {
            (Some(a), Some(b)) => return (a == b).then(|| Number::infinity(a)),
            (Some(a), None) | (None, Some(a)) => return Some(Number::infinity(a)),
            (None, None) => {}
        }
        let (na, ma, ea) = self.parts();
        let (nb, mb, eb) = other.parts();
        if ma == BigUint::ZERO || mb == BigUint::ZERO {
            let kept = if ma == BigUint::ZERO && mb == BigUint::ZERO {
                (na && nb, BigUint::ZERO, 0)
            } else if ma == BigUint::ZERO {
                (nb, mb, eb)
            } else {
                (na, ma, ea)
            };
            return Some(round(kept.0, kept.1, kept.2, false, precision));
        }
        // A number too small to touch the last bit of the other is only a sticky bit.
        let top = |m: &BigUint, e: i64| i64::try_from(m.bits()).unwrap_or(i64::MAX / 2).saturating_add(e);
        let gap = top(&ma, ea) - top(&mb, eb);
        let reach = i64::from(precision) + 8;
        let (small, large) = if gap >= 0 { ((nb, &mb, eb), (na, &ma, ea)) } else { ((na, &ma, ea), (nb, &mb, eb)) };
        if gap.abs() > reach && large.2 >= top(small.1, small.2) + 2 {
            let shifted = (large.1 << 3u8) + BigUint::from(0u8);
            let nudged = if large.0 == small.0 { shifted + 1u8 } else { shifted - 1u8 };
            let widened = if nudged.bits() < u64::from(precision) + 3 {
                let shift = u64::from(precision) + 3 - nudged.bits();
                let base = large.1 << (3 + shift);
                (
                    if large.0 == small.0 { base + 1u8 } else { base - 1u8 },
                    large.2 - 3 - i64::try_from(shift).unwrap_or(0),
                )
            } else {
                (nudged, large.2 - 3)
            };
            return Some(round(large.0, widened.0, widened.1, false, precision));
        }
        let exponent = ea.min(eb);
        let align = |m: BigUint, e: i64| m << u64::try_from(e - exponent).unwrap_or(0);
        let signed = |n: bool, m: BigUint| BigInt::from_biguint(if n { Sign::Minus } else { Sign::Plus }, m);
        let sum = signed(na, align(ma, ea)) + signed(nb, align(mb, eb));
        Some(round(sum.sign() == Sign::Minus, sum.magnitude().clone(), exponent, false, precision))
    }

    /// The difference; nothing for infinity minus itself.
    #[must_use]
    pub fn sub(&self, other: &Number) -> Option<Number> {
        if let (Form::Int(a), Form::Int(b)) = (&self.form, &other.form)
            && let Some(difference) = a.checked_sub(*b)
        {
            return Some(Number { form: Form::Int(difference), precision: self.precision.max(other.precision) });
        }
        self.add(&other.negate())
    }

    /// The product; nothing for zero times infinity. It has the precision that it needs, up to 512 bits.
    #[must_use]
    pub fn mul(&self, other: &Number) -> Option<Number> {
        let precision = self.precision.max(other.precision);
        let negative = self.has_minus() != other.has_minus();
        if let (Form::Int(a), Form::Int(b)) = (&self.form, &other.form)
            && let Some(product) = a.checked_mul(*b)
            && (product != 0 || !negative)
        {
            return Some(Number { form: Form::Int(product), precision: precision.max(significant(product)) });
        }
        if self.is_infinite() || other.is_infinite() {
            return (!self.is_zero() && !other.is_zero()).then(|| Number::infinity(negative));
        }
        let (_, ma, ea) = self.parts();
        let (_, mb, eb) = other.parts();
        let product = round(negative, ma * mb, ea.saturating_add(eb), false, LITERAL_PRECISION.max(precision));
        let needed = match &product.form {
            Form::Int(value) => significant(*value),
            Form::Float { mantissa, .. } => u32::try_from(mantissa.bits()).unwrap_or(u32::MAX),
            Form::Infinity { .. } => 0,
        };
        Some(Number { precision: precision.max(needed), ..product })
    }

    /// The quotient; infinity for a number divided by zero, nothing for zero by zero or infinity by infinity.
    #[must_use]
    pub fn div(&self, other: &Number) -> Option<Number> {
        let precision = self.precision.max(other.precision);
        let negative = self.has_minus() != other.has_minus();
        match (self.is_infinite(), other.is_infinite()) {
            (true, true) => return None,
            (true, false) => return Some(Number::infinity(negative)),
            (false, true) => return Some(round(negative, BigUint::ZERO, 0, false, precision)),
            (false, false) => {}
        }
        if other.is_zero() {
            return (!self.is_zero()).then(|| Number::infinity(negative));
        }
        if let (Form::Int(a), Form::Int(b)) = (&self.form, &other.form)
            && a.checked_rem(*b) == Some(0)
            && let Some(quotient) = a.checked_div(*b)
            && (quotient != 0 || !negative)
        {
            return Some(Number { form: Form::Int(quotient), precision });
        }
        let (_, ma, ea) = self.parts();
        let (_, mb, eb) = other.parts();
        Some(divide(negative, &ma, ea, &mb, eb, precision))
    }

    /// The remainder, with the sign of the dividend; nothing for a zero divisor or an infinite operand.
    #[must_use]
    pub fn rem(&self, other: &Number) -> Option<Number> {
        if other.is_zero() || self.is_infinite() || other.is_infinite() {
            return None;
        }
        let whole = self.div(other)?.truncate();
        // Both steps are rounded to the precision of the dividend.
        let product = other.mul(&whole)?.with_precision(self.precision);
        self.sub(&product).map(|rest| rest.with_precision(self.precision))
    }

    /// The number without its fraction.
    #[must_use]
    pub fn truncate(&self) -> Number {
        match &self.form {
            Form::Float { negative, mantissa, exponent } if *exponent < 0 => {
                let shift = exponent.unsigned_abs();
                let whole = if shift > mantissa.bits() { BigUint::ZERO } else { mantissa >> shift };
                // A fraction cut to zero loses its sign, as a conversion to a whole number does.
                let negative = *negative && whole != BigUint::ZERO;
                round(negative, whole, 0, false, self.precision)
            }
            _ => self.clone(),
        }
    }

    /// The largest whole number that is not above it.
    #[must_use]
    pub fn floor(&self) -> Number {
        let whole = self.truncate();
        if whole.cmp(self) == Ordering::Greater { whole.sub(&Number::from(1)).unwrap_or(whole) } else { whole }
    }

    /// The smallest whole number that is not below it.
    #[must_use]
    pub fn ceil(&self) -> Number {
        let whole = self.truncate();
        if whole.cmp(self) == Ordering::Less { whole.add(&Number::from(1)).unwrap_or(whole) } else { whole }
    }

    /// The same number as a count of `precision` bits remembers it (for results of functions).
    #[must_use]
    pub fn with_precision(self, precision: u32) -> Number {
        match self.form {
            Form::Float { negative, mantissa, exponent } => round(negative, mantissa, exponent, false, precision),
            form => Number { form, precision },
        }
    }

    /// The exact value of a finite number: whether it is negative, and `mantissa * 2^exponent`.
    #[must_use]
    pub fn to_binary(&self) -> Option<(bool, BigUint, i64)> {
        (!self.is_infinite()).then(|| self.parts())
    }

    /// The order by exact size, which also tells apart what is equal because it is written the same.
    #[must_use]
    pub fn by_size(&self, other: &Number) -> Ordering {
        if let (Form::Int(a), Form::Int(b)) = (&self.form, &other.form) {
            return a.cmp(b);
        }
        let rank = |number: &Number| -> i32 {
            match number.infinite_sign() {
                Some(true) => -2,
                Some(false) => 2,
                None if number.is_zero() => 0,
                None if number.has_minus() => -1,
                None => 1,
            }
        };
        let (ra, rb) = (rank(self), rank(other));
        if ra != rb || ra.abs() != 1 {
            return ra.cmp(&rb);
        }
        let (_, ma, ea) = self.parts();
        let (_, mb, eb) = other.parts();
        let top = |m: &BigUint, e: i64| e.saturating_add_unsigned(m.bits());
        let magnitude = top(&ma, ea).cmp(&top(&mb, eb)).then_with(|| {
            let exponent = ea.min(eb);
            let align = |m: BigUint, e: i64| m << u64::try_from(e - exponent).unwrap_or(0);
            align(ma, ea).cmp(&align(mb, eb))
        });
        if ra < 0 { magnitude.reverse() } else { magnitude }
    }

    /// The number that a fraction of lower precision is read back as from its text; nothing for any other number.
    fn as_written(&self) -> Option<Number> {
        let may_differ = !self.is_whole() && !self.is_infinite() && self.precision < LITERAL_PRECISION;
        if may_differ { Number::parse(&self.to_string()) } else { None }
    }

    /// Whether it is written with a minus: is below zero, or negative zero.
    #[must_use]
    pub fn has_minus(&self) -> bool {
        match &self.form {
            Form::Int(value) => *value < 0,
            Form::Float { negative, .. } | Form::Infinity { negative } => *negative,
        }
    }

    fn infinite_sign(&self) -> Option<bool> {
        match self.form {
            Form::Infinity { negative } => Some(negative),
            _ => None,
        }
    }

    fn parts(&self) -> (bool, BigUint, i64) {
        match &self.form {
            Form::Int(value) => (*value < 0, BigUint::from(value.unsigned_abs()), 0),
            Form::Float { negative, mantissa, exponent } => (*negative, mantissa.clone(), *exponent),
            Form::Infinity { negative } => (*negative, BigUint::ZERO, 0),
        }
    }
}

/// How many bits a whole number needs, without the zeros at its end.
fn significant(value: i64) -> u32 {
    let magnitude = value.unsigned_abs();
    if magnitude == 0 { 0 } else { u64::BITS - magnitude.leading_zeros() - magnitude.trailing_zeros() }
}

/// Rounds `mantissa * 2^exponent` half to even to `precision` bits. `sticky` says that a little more was cut off.
fn round(negative: bool, mantissa: BigUint, exponent: i64, sticky: bool, precision: u32) -> Number {
    let (mut mantissa, mut exponent) = (mantissa, exponent);
    let excess = mantissa.bits().saturating_sub(u64::from(precision));
    if excess > 0 {
        let half = mantissa.bit(excess - 1);
        let below = sticky || mantissa.trailing_zeros().is_some_and(|zeros| zeros < excess - 1);
        mantissa >>= excess;
        exponent = exponent.saturating_add_unsigned(excess);
        if half && (below || mantissa.bit(0)) {
            mantissa += 1u8;
        }
    }
    let zeros = mantissa.trailing_zeros().unwrap_or(0);
    if zeros > 0 {
        mantissa >>= zeros;
        exponent = exponent.saturating_add_unsigned(zeros);
    }
    if mantissa == BigUint::ZERO {
        exponent = 0;
        if !negative {
            return Number { form: Form::Int(0), precision };
        }
    }
    if (0..63).contains(&exponent)
        && mantissa != BigUint::ZERO
        && mantissa.bits() + exponent.unsigned_abs() < 63
        && let Ok(small) = i64::try_from(&mantissa)
    {
        let value = small << exponent;
        return Number { form: Form::Int(if negative { -value } else { value }), precision };
    }
    Number { form: Form::Float { negative, mantissa, exponent }, precision }
}

fn divide(negative: bool, a: &BigUint, ea: i64, b: &BigUint, eb: i64, precision: u32) -> Number {
    let shift = (u64::from(precision) + 2 + b.bits()).saturating_sub(a.bits());
    let numerator = a << shift;
    let quotient = &numerator / b;
    let sticky = &quotient * b != numerator;
    // One more bit keeps the remainder visible to the rounding even when the quotient fits exactly.
    let widened = (quotient << 1u8) + BigUint::from(u8::from(sticky));
    let exponent = ea.saturating_sub(eb).saturating_sub_unsigned(shift).saturating_sub(1);
    round(negative, widened, exponent, sticky, precision)
}

impl From<i64> for Number {
    fn from(value: i64) -> Number {
        Number { form: Form::Int(value), precision: 64 }
    }
}

impl From<i32> for Number {
    fn from(value: i32) -> Number {
        Number::from(i64::from(value))
    }
}

impl From<usize> for Number {
    fn from(value: usize) -> Number {
        i64::try_from(value).map_or_else(|_| Number::from_bigint(&BigInt::from(value)), Number::from)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// As in Terraform, whole numbers are equal when they are the same, and fractions when they are written the same: a
/// result of a floating-point function equals what a state or a plan says of it.
impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        if self.precision == other.precision {
            return self.by_size(other);
        }
        match (self.as_written(), other.as_written()) {
            (None, None) => self.by_size(other),
            (a, b) => a.as_ref().unwrap_or(self).by_size(b.as_ref().unwrap_or(other)),
        }
    }
}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.form {
            Form::Infinity { negative } => (2u8, *negative).hash(state),
            _ if self.is_zero() => 0u8.hash(state),
            _ => {
                let (negative, mantissa, exponent) = self.as_written().as_ref().unwrap_or(self).parts();
                let zeros = mantissa.trailing_zeros().unwrap_or(0);
                (negative, &mantissa >> zeros, exponent.saturating_add_unsigned(zeros)).hash(state);
            }
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.form {
            // Digits beyond the precision are not shown, even when they are exact.
            Form::Int(value) if u64::BITS - value.unsigned_abs().leading_zeros() > self.precision => {
                let (negative, mantissa, exponent) = self.parts();
                let zeros = mantissa.trailing_zeros().unwrap_or(0);
                f.write_str(if negative { "-" } else { "" })?;
                f.write_str(&decimal(&(mantissa >> zeros), exponent.saturating_add_unsigned(zeros), self.precision))
            }
            Form::Int(value) => write!(f, "{value}"),
            Form::Infinity { negative } => f.write_str(if *negative { "-Inf" } else { "+Inf" }),
            Form::Float { negative, mantissa, exponent } => {
                if *negative {
                    f.write_str("-")?;
                }
                f.write_str(&decimal(mantissa, *exponent, self.precision))
            }
        }
    }
}

/// The shortest decimal text between the two midpoints around `mantissa * 2^exponent` at `precision` bits.
fn decimal(mantissa: &BigUint, exponent: i64, precision: u32) -> String {
    if *mantissa == BigUint::ZERO {
        return "0".to_owned();
    }
    // Widen to full precision, and by two bits more, so that the midpoints to the neighbours are whole numbers.
    let widen = u64::from(precision).saturating_sub(mantissa.bits());
    let middle = mantissa << (widen + 2);
    let scale = exponent.saturating_sub_unsigned(widen + 2);
    // As in Terraform, also below a power of two, whose lower neighbour is nearer.
    let below = &middle - 2u8;
    let above = &middle + 2u8;
    // Bring the three to one decimal scale: digits * 10^-places.
    let (low, exact, high, places) = if scale >= 0 {
        let shift = scale.unsigned_abs();
        (below << shift, middle << shift, above << shift, 0)
    } else {
        let places = scale.unsigned_abs();
        let five = BigUint::from(5u8).pow(u32::try_from(places).unwrap_or(u32::MAX));
        (below * &five, middle * &five, above * five, places)
    };
    let inclusive = mantissa_is_even(mantissa, widen);
    let (digits, dropped) = shortest(&low, &exact, &high, inclusive);
    place_point(&digits, places, dropped)
}

fn mantissa_is_even(mantissa: &BigUint, widen: u64) -> bool {
    widen > 0 || !mantissa.bit(0)
}

/// The fewest leading digits of `exact` that stay between `low` and `high`; also how many digits were dropped.
fn shortest(low: &BigUint, exact: &BigUint, high: &BigUint, inclusive: bool) -> (String, u64) {
    let high_text = high.to_string();
    let width = high_text.len();
    let pad = |number: &BigUint| with_zeros(&number.to_string(), width).into_bytes();
    let (low, exact, high) = (pad(low), pad(exact), high_text.into_bytes());
    for at in 0..exact.len() {
        let head = |text: &[u8]| text.get(..=at).unwrap_or_default().to_vec();
        let (kept, low_head, high_head) = (head(&exact), head(&low), head(&high));
        let rest_is_zero = |text: &[u8]| text.get(at + 1..).is_none_or(|rest| rest.iter().all(|digit| *digit == b'0'));
        let down_ok = kept != low_head || inclusive && rest_is_zero(&low);
        let raised = increment(&kept);
        let up_ok = raised < high_head || raised == high_head && (inclusive || !rest_is_zero(&high));
        let up_ok = up_ok && raised.len() == high_head.len();
        let dropped = u64::try_from(exact.len() - at - 1).unwrap_or(0);
        let text = |digits: Vec<u8>| String::from_utf8(digits).unwrap_or_default();
        match (down_ok, up_ok) {
            (true, true) => {
                let rest = exact.get(at + 1..).unwrap_or_default();
                let up = rest.first().is_some_and(|digit| *digit > b'5')
                    || rest.first() == Some(&b'5')
                        && (rest.iter().skip(1).any(|digit| *digit != b'0') || kept.last().is_some_and(|d| d % 2 == 1));
                return (text(if up { raised } else { kept }), dropped);
            }
            (true, false) => return (text(kept), dropped),
            (false, true) => return (text(raised), dropped),
            (false, false) => {}
        }
    }
    (String::from_utf8(exact).unwrap_or_default(), 0)
}

fn increment(digits: &[u8]) -> Vec<u8> {
    let mut digits = digits.to_vec();
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return digits;
        }
        *digit = b'0';
    }
    digits.insert(0, b'1');
    digits
}

/// Digits after as many zeros as make `width`. A format cannot do it: its width ends at 65,535.
fn with_zeros(digits: &str, width: usize) -> String {
    "0".repeat(width.saturating_sub(digits.len())) + digits
}

fn place_point(digits: &str, places: u64, dropped: u64) -> String {
    let digits = digits.trim_start_matches('0');
    if dropped >= places {
        let zeros = usize::try_from(dropped - places).unwrap_or(0);
        return format!("{digits}{}", "0".repeat(zeros));
    }
    let fraction = usize::try_from(places - dropped).unwrap_or(0);
    let padded = with_zeros(digits, fraction + 1);
    let (whole, rest) = padded.split_at(padded.len() - fraction);
    let rest = rest.trim_end_matches('0');
    if rest.is_empty() { whole.to_owned() } else { format!("{whole}.{rest}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(text: &str) -> Number {
        Number::parse(text).unwrap_or_else(|| panic!("{text} is a number"))
    }

    #[test]
    fn the_text_of_a_very_small_number_is_long() {
        let text = Number::parse("1.5e-71419").map(|number| number.to_string()).unwrap_or_default();
        assert_eq!((text.len(), text.starts_with("0.000"), text.ends_with("00015")), (71_422, true, true));
    }

    #[test]
    fn text_is_decimal_and_shortest() {
        for text in
            ["0", "1", "-1", "0.1", "1.5", "123456789012345678901234567890", "0.000001", "-2.25", "0.3", "9.95", "99.5"]
        {
            assert_eq!(n(text).to_string(), text);
        }
        assert_eq!(n("1e3").to_string(), "1000");
        assert_eq!(n("1E-2").to_string(), "0.01");
        assert_eq!(n("-0").to_string(), "-0");
        assert_eq!(n("1.50").to_string(), "1.5");
        for text in ["", "-", ".", ".e1", "1e", "0x10", "1_0", " 1", "1e999999999", "e5"] {
            assert!(Number::parse(text).is_none(), "{text}");
        }
    }

    // Answers of `terraform console`.
    #[test]
    fn arithmetic_is_terraforms() {
        assert_eq!(n("0.1").add(&n("0.2")).map(|sum| sum.to_string()).as_deref(), Some("0.3"));
        let third = n("1").div(&n("3")).map(|third| third.to_string()).unwrap_or_default();
        assert_eq!(third, format!("0.{}5", "3".repeat(154)));
        assert_eq!(n("5").rem(&n("-3")).map(|rest| rest.to_string()).as_deref(), Some("2"));
        assert_eq!(n("-5.5").rem(&n("2")).map(|rest| rest.to_string()).as_deref(), Some("-1.5"));
        assert!(n("1").div(&n("0")).is_some_and(|infinity| infinity.is_infinite()));
        assert!(n("0").div(&n("0")).is_none());
        assert_eq!(n("1e100").add(&n("1e-100")).map(|sum| sum.cmp(&n("1e100"))), Some(Ordering::Equal));
    }

    #[test]
    fn floats_print_as_the_shortest_that_reads_back() {
        let power = Number::from_f64(2f64.powi(100)).map(|power| power.to_string());
        assert_eq!(power.as_deref(), Some("1267650600228229400000000000000"));
        let power = Number::from_f64(2f64.powi(64)).map(|power| power.to_string());
        assert_eq!(power.as_deref(), Some("18446744073709550000"));
        assert_eq!(Number::from_f64(0.1).map(|tenth| tenth.to_string()).as_deref(), Some("0.1"));
        assert_eq!(Number::from_f64(-1.5e-5).map(|small| small.to_string()).as_deref(), Some("-0.000015"));
        assert!(Number::from_f64(f64::NAN).is_none());
    }

    #[test]
    fn order_and_equality_ignore_precision() {
        assert_eq!(Number::from(3), n("3.0"));
        let logarithm = Number::from_f64(0.477_121_254_719_662_3).expect("a number");
        let written = n("0.4771212547196623");
        assert_eq!(logarithm, written);
        assert_eq!(logarithm.by_size(&written), Ordering::Greater);
        assert_ne!(logarithm.clone().with_precision(LITERAL_PRECISION), written);
        assert_eq!(std::collections::HashSet::from([logarithm, written]).len(), 1);
        assert!(n("-1") < n("0.5") && n("0.5") < n("1") && n("1") < Number::infinity(false));
        assert_eq!(n("-0"), n("0"));
        assert_eq!(n("2.5").floor(), n("2"));
        assert_eq!(n("-2.5").floor(), n("-3"));
        assert_eq!(n("2.5").ceil(), n("3"));
        assert_eq!(n("9223372036854775807").to_i64(), Some(i64::MAX));
        assert_eq!(n("9223372036854775808").to_i64(), None);
    }
}
