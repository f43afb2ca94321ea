//! Functions of numbers.

use num_bigint::{BigInt, Sign};
use smform_types::{Number, Type, Value, convert};

use super::arguments::{Arguments, Function};
use super::error::CallError;
use super::float;
use super::signature::{Parameter, Shape};

const NUM: Parameter = Parameter::new("num", Shape::Number);
const NUMBERS: Parameter = Parameter::new("numbers", Shape::Number);
/// The longest list that `range` makes.
const RANGE_LIMIT: usize = 1024;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("abs", &[NUM.marked()], Shape::Number, abs, "The number without its sign."),
    Function::new("ceil", &[NUM], Shape::Number, ceil, "The smallest whole number that is not below the number."),
    Function::new("floor", &[NUM], Shape::Number, floor, "The largest whole number that is not above the number."),
    Function::new(
        "log",
        &[NUM, Parameter::new("base", Shape::Number)],
        Shape::Number,
        log,
        "The logarithm of a number to a base.",
    ),
    Function::new("max", &[], Shape::Number, max, "The largest of the numbers.").variadic(NUMBERS),
    Function::new("min", &[], Shape::Number, min, "The smallest of the numbers.").variadic(NUMBERS),
    Function::new(
        "parseint",
        &[Parameter::new("number", Shape::Any), Parameter::new("base", Shape::Number)],
        Shape::Any,
        parseint,
        "The whole number that a text stands for in a base from 2 to 62.",
    )
    .typed(parseint_type),
    Function::new(
        "pow",
        &[NUM, Parameter::new("power", Shape::Number)],
        Shape::Number,
        pow,
        "A number raised to a power.",
    ),
    Function::new("range", &[], Shape::List(&Shape::Number), range, "Numbers from a start up to, or down to, a limit.")
        .variadic(Parameter::new("params", Shape::Number)),
    Function::new("signum", &[NUM], Shape::Number, signum, "-1, 0 or 1: the sign of a whole number."),
    Function::new(
        "sum",
        &[Parameter::new("list", Shape::Any)],
        Shape::Any,
        sum,
        "The sum of the numbers of a list or set.",
    )
    .typed(|_| Ok(Type::Number)),
];

fn abs(a: &Arguments<'_>) -> Result<Value, CallError> {
    Ok(Value::number(a.number(0)?.abs()).with_marks(a.value(0)?.marks()))
}

fn ceil(a: &Arguments<'_>) -> Result<Value, CallError> {
    Ok(rounded(a.number(0)?.ceil()))
}

fn floor(a: &Arguments<'_>) -> Result<Value, CallError> {
    Ok(rounded(a.number(0)?.floor()))
}

/// A rounded number: a whole number has no negative zero.
fn rounded(number: Number) -> Value {
    Value::number(if number.is_zero() { number.abs() } else { number })
}

fn log(a: &Arguments<'_>) -> Result<Value, CallError> {
    of_float(float::ln(to_float(a, 0)?) / float::ln(to_float(a, 1)?))
}

fn pow(a: &Arguments<'_>) -> Result<Value, CallError> {
    of_float(float::pow(to_float(a, 0)?, to_float(a, 1)?))
}

fn to_float(a: &Arguments<'_>, at: usize) -> Result<f64, CallError> {
    let number = a.number(at)?;
    let float = number.to_f64();
    if float.is_infinite() && !number.is_infinite() {
        return Err(CallError::whole("value must be between -1.797693135e+308 and 1.797693135e+308 inclusive"));
    }
    Ok(float)
}

fn of_float(value: f64) -> Result<Value, CallError> {
    Number::from_f64(value).map(Value::number).ok_or_else(|| CallError::whole("the result is not a number"))
}

fn max(a: &Arguments<'_>) -> Result<Value, CallError> {
    extreme(a, |candidate, best| candidate.by_size(best).is_gt())
}

fn min(a: &Arguments<'_>) -> Result<Value, CallError> {
    extreme(a, |candidate, best| candidate.by_size(best).is_lt())
}

fn extreme(a: &Arguments<'_>, better: fn(&Number, &Number) -> bool) -> Result<Value, CallError> {
    let mut numbers = a.all().iter().filter_map(Value::as_number);
    let first = numbers.next().ok_or_else(|| CallError::whole("must pass at least one number"))?;
    let best = numbers.fold(first, |best, candidate| if better(candidate, best) { candidate } else { best });
    Ok(Value::number(best.clone()))
}

fn parseint_type(arguments: &[Value]) -> Result<Type, CallError> {
    match arguments.first().map(Value::ty) {
        Some(Type::String) | None => Ok(Type::Number),
        Some(ty) => Err(CallError::argument(0, format!("first argument must be a string, not {}", ty.friendly()))),
    }
}

fn parseint(a: &Arguments<'_>) -> Result<Value, CallError> {
    parseint_type(a.all())?;
    let text = a.text(0)?;
    let base = a.whole(1).map_err(|error| CallError::argument(1, error.message))?;
    let base = u32::try_from(base).ok().filter(|base| (2..=62).contains(base));
    let base = base.ok_or_else(|| CallError::argument(1, "base must be a whole number between 2 and 62 inclusive"))?;
    let parsed = parse_integer(text, base)
        .ok_or_else(|| CallError::argument(0, format!("cannot parse {} as a base {base} integer", a.quoted(0))))?;
    let precision = u32::try_from(parsed.bits()).unwrap_or(u32::MAX).max(64);
    Ok(Value::number(Number::from_bigint(&parsed).with_precision(precision)))
}

/// Up to base 36 the case of letters does not matter; above it, upper-case letters follow the lower-case ones.
fn parse_integer(text: &str, base: u32) -> Option<BigInt> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (Sign::Minus, digits),
        None => (Sign::Plus, text.strip_prefix('+').unwrap_or(text)),
    };
    let digit = |byte: u8| -> Option<u8> {
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'z' => byte - b'a' + 10,
            b'A'..=b'Z' if base <= 36 => byte - b'A' + 10,
            b'A'..=b'Z' => byte - b'A' + 36,
            _ => return None,
        };
        (u32::from(value) < base).then_some(value)
    };
    let digits: Vec<u8> = digits.bytes().map(digit).collect::<Option<_>>()?;
    if digits.is_empty() {
        return None;
    }
    BigInt::from_radix_be(sign, &digits, base)
}

fn range(a: &Arguments<'_>) -> Result<Value, CallError> {
    let zero = Number::ZERO;
    let step_to = |start: &Number, end: &Number| Number::from(if end < start { -1 } else { 1 });
    let (start, end, step) = match a.len() {
        1 => (zero.clone(), a.number(0)?.clone(), step_to(&zero, a.number(0)?)),
        2 => (a.number(0)?.clone(), a.number(1)?.clone(), step_to(a.number(0)?, a.number(1)?)),
        3 => (a.number(0)?.clone(), a.number(1)?.clone(), a.number(2)?.clone()),
        _ => return Err(CallError::whole("must have one, two, or three arguments")),
    };
    let down = step.is_negative();
    if down && end > start {
        return Err(CallError::argument(1, "end must be less than start when step is negative"));
    }
    if !down && end < start {
        return Err(CallError::argument(1, "end must be greater than start when step is positive"));
    }
    let mut values = Vec::new();
    let mut next = start;
    while if down { next > end } else { next < end } {
        if values.len() >= RANGE_LIMIT {
            return Err(CallError::whole(format!(
                "more than {RANGE_LIMIT} values were generated; decrease the difference between start and end or use \
                 a larger step, which must not be zero"
            )));
        }
        let following = next.add(&step).ok_or_else(|| CallError::whole("the range has no end"))?;
        values.push(Value::number(std::mem::replace(&mut next, following)));
    }
    Ok(Value::list(Type::Number, values))
}

fn signum(a: &Arguments<'_>) -> Result<Value, CallError> {
    Ok(Value::number(a.whole(0)?.signum()))
}

fn sum(a: &Arguments<'_>) -> Result<Value, CallError> {
    let items = match a.value(0)?.ty() {
        Type::List(_) | Type::Set(_) | Type::Tuple(_) => a.items(0)?,
        ty => {
            let message = format!("argument must be list, set, or tuple. Received {}", ty.friendly());
            return Err(CallError::argument(0, message));
        }
    };
    let no_numbers = || CallError::argument(0, "argument must be list, set, or tuple of number values");
    if items.is_empty() {
        return Err(CallError::argument(0, "cannot sum an empty list"));
    }
    if !a.value(0)?.is_wholly_known() {
        return Ok(Value::unknown(Type::Number));
    }
    let mut total = Number::ZERO;
    for (at, item) in items.iter().enumerate() {
        if item.is_null() {
            return Err(no_numbers());
        }
        let item = convert(item.clone(), &Type::Number).map_err(|_| no_numbers())?;
        let number = item.as_number().ok_or_else(no_numbers)?;
        total = match at {
            0 => number.clone(),
            _ => total.add(number).ok_or_else(|| CallError::whole("can't compute sum of opposing infinities"))?,
        };
    }
    Ok(Value::number(total))
}
