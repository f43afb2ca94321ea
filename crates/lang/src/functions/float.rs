//! Powers of 64-bit floats, with the rounding that Terraform's results have.

/// `x` to the power `y`.
///
/// Terraform's numbers come from repeated squaring of the mantissa with the exponent kept apart, which rounds
/// differently from a correctly rounded power; results must agree to the last digit, so this does the same.
pub(super) fn pow(x: f64, y: f64) -> f64 {
    let magnitude = y.abs();
    let special = y == 0.0
        || x == 1.0
        || x == 0.0
        || !x.is_finite()
        || !y.is_finite()
        || (x < 0.0 && magnitude.fract() != 0.0)
        || magnitude >= 9_223_372_036_854_775_808.0;
    if special {
        return x.powf(y);
    }
    if magnitude == 0.5 {
        return if y > 0.0 { x.sqrt() } else { 1.0 / x.sqrt() };
    }
    let (mut whole, mut fraction) = (magnitude.trunc(), magnitude.fract());
    let mut mantissa = 1.0;
    if fraction != 0.0 {
        if fraction > 0.5 {
            fraction -= 1.0;
            whole += 1.0;
        }
        mantissa = libm::exp(fraction * libm::log(x));
    }
    let mut exponent: i64 = 0;
    let (mut square, square_exponent) = libm::frexp(x);
    let mut square_exponent = i64::from(square_exponent);
    // Exact: whole powers of this size were checked above.
    #[allow(clippy::cast_possible_truncation)]
    let mut power = whole as i64;
    while power != 0 {
        if square_exponent.abs() > 1 << 12 {
            // Certain overflow or underflow, whatever follows.
            exponent += square_exponent;
            break;
        }
        if power & 1 == 1 {
            mantissa *= square;
            exponent += square_exponent;
        }
        square *= square;
        square_exponent *= 2;
        if square < 0.5 {
            square += square;
            square_exponent -= 1;
        }
        power >>= 1;
    }
    if y < 0.0 {
        mantissa = 1.0 / mantissa;
        exponent = -exponent;
    }
    libm::ldexp(mantissa, i32::try_from(exponent.clamp(-100_000, 100_000)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::pow;

    #[test]
    fn powers_of_whole_numbers_are_exact_where_they_fit() {
        assert_eq!(pow(2.0, 100.0), 1_267_650_600_228_229_401_496_703_205_376.0);
        assert_eq!(pow(10.0, -2.0), 0.01);
        assert_eq!(pow(2.0, 2000.0), f64::INFINITY);
        assert_eq!(pow(2.0, -2000.0), 0.0);
        assert_eq!(pow(4.0, 0.5), 2.0);
        assert!(pow(-8.0, 0.3).is_nan());
    }
}
