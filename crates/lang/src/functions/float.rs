//! Logarithms and powers of 64-bit floats, with the rounding that Terraform's results have.
//!
//! The last digit of such a result depends on how it is computed. Terraform computes logarithms as FreeBSD's `e_log.c`
//! does, powers by repeated squaring with the exponent kept apart, and exponentials (for fractional powers, on the most
//! common processors) by a Taylor series of a sixteenth of the argument. This module follows the same steps.

/// The natural logarithm.
pub(super) fn ln(x: f64) -> f64 {
    const LN2_HIGH: f64 = 0.6931471803691238;
    const LN2_LOW: f64 = 1.9082149292705877e-10;
    const L: [f64; 7] = [
        0.6666666666666735,
        0.3999999999940942,
        0.2857142874366239,
        0.22222198432149784,
        0.1818357216161805,
        0.15313837699209373,
        0.14798198605116586,
    ];
    if x.is_nan() || x == f64::INFINITY || x <= 0.0 {
        return x.ln();
    }
    let (mut fraction, mut exponent) = libm::frexp(x);
    if fraction < std::f64::consts::FRAC_1_SQRT_2 {
        fraction *= 2.0;
        exponent -= 1;
    }
    let f = fraction - 1.0;
    let k = f64::from(exponent);
    let s = f / (2.0 + f);
    let s2 = s * s;
    let s4 = s2 * s2;
    let odd = s2 * (L[0] + s4 * (L[2] + s4 * (L[4] + s4 * L[6])));
    let even = s4 * (L[1] + s4 * (L[3] + s4 * L[5]));
    let half_square = 0.5 * f * f;
    k * LN2_HIGH - ((half_square - (s * (half_square + odd + even) + k * LN2_LOW)) - f)
}

/// The exponential of a number that is small enough not to overflow.
fn exp(x: f64) -> f64 {
    const LN2_HIGH: f64 = 0.693147180559663;
    const LN2_LOW: f64 = 2.8235290563031577e-13;
    let exponent = (x * std::f64::consts::LOG2_E).round_ties_even();
    let rest = (-LN2_LOW).mul_add(exponent, (-LN2_HIGH).mul_add(exponent, x)) * 0.0625;
    let mut series = 2.48015873015873e-05;
    for coefficient in [
        0.0001984126984126984,
        0.001388888888888889,
        0.008333333333333333,
        0.041666666666666664,
        0.16666666666666666,
        0.5,
        1.0,
    ] {
        series = rest.mul_add(series, coefficient);
    }
    // (1 + y)^2 - 1 = y * (y + 2), four times for the sixteenth.
    let mut less_one = rest * series;
    for _ in 0..3 {
        less_one *= less_one + 2.0;
    }
    let power = less_one.mul_add(less_one + 2.0, 1.0);
    // Exact: the argument is bounded by the logarithm of a float.
    #[allow(clippy::cast_possible_truncation)]
    let exponent = exponent.clamp(-4096.0, 4096.0) as i32;
    libm::ldexp(power, exponent)
}

/// `x` to the power `y`.
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
        mantissa = exp(fraction * ln(x));
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
    use super::{exp, ln, pow};

    #[test]
    fn powers_of_whole_numbers_are_exact_where_they_fit() {
        assert_eq!(pow(2.0, 100.0), 1_267_650_600_228_229_401_496_703_205_376.0);
        assert_eq!(pow(10.0, -2.0), 0.01);
        assert_eq!(pow(2.0, 2000.0), f64::INFINITY);
        assert_eq!(pow(2.0, -2000.0), 0.0);
        assert_eq!(pow(4.0, 0.5), 2.0);
        assert!(pow(-8.0, 0.3).is_nan());
    }

    #[test]
    fn results_are_within_an_ulp_or_two() {
        for step in 1..2000 {
            let x = f64::from(step) * 0.37;
            assert!((ln(x) - x.ln()).abs() <= x.ln().abs() * 4e-16, "ln {x}");
            let small = (x - 370.0) * 0.001;
            assert!((exp(small) - small.exp()).abs() <= small.exp() * 6e-16, "exp {small}");
        }
    }
}
