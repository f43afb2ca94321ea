//! Functions of points in time.

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};
use smform_types::{Type, Value};

use super::Phase;
use super::arguments::{Arguments, Function, ascii};
use super::error::CallError;
use super::signature::{Parameter, Shape};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "formatdate",
        &[Parameter::new("format", Shape::String), Parameter::new("time", Shape::String)],
        Shape::String,
        formatdate,
        "A timestamp in another notation.",
    ),
    Function::new("plantimestamp", &[], Shape::String, plantimestamp, "The time of the plan."),
    Function::new(
        "timeadd",
        &[Parameter::new("timestamp", Shape::String), Parameter::new("duration", Shape::String)],
        Shape::String,
        timeadd,
        "A timestamp moved by a duration such as 1h30m.",
    )
    .nullable(),
    Function::new(
        "timecmp",
        &[Parameter::new("timestamp_a", Shape::String), Parameter::new("timestamp_b", Shape::String)],
        Shape::Number,
        timecmp,
        "-1, 0 or 1: whether the first timestamp is before, at or after the second.",
    ),
    Function::new("timestamp", &[], Shape::String, timestamp, "The present time."),
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A timestamp: the time shown on a clock, and how far that clock is ahead of UTC, in minutes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    clock: DateTime,
    offset: i64,
}

impl Moment {
    /// A timestamp in the exact notation of RFC 3339, with an upper-case `T` and `Z`.
    pub(super) fn parse(text: &str) -> Result<Moment, String> {
        let mut reader = Reader { rest: text };
        let year = reader.digits(4, "year", 0..=9999)?;
        reader.mark('-')?;
        let month = reader.digits(2, "month", 1..=12)?;
        reader.mark('-')?;
        let day = reader.digits(2, "day of month", 1..=31)?;
        if !reader.take('T') {
            return Err("missing required time introducer 'T'".to_owned());
        }
        let hour = reader.digits(2, "hour", 0..=23)?;
        reader.mark(':')?;
        let minute = reader.digits(2, "minute", 0..=59)?;
        reader.mark(':')?;
        let second = reader.digits(2, "second", 0..=59)?;
        let nanosecond = reader.fraction()?;
        let offset = reader.offset()?;
        let number = |value: i64| i8::try_from(value).unwrap_or(-1);
        let clock = i16::try_from(year).ok().and_then(|year| Date::new(year, number(month), number(day)).ok());
        let clock = clock.ok_or_else(|| "day out of range for the month".to_owned())?;
        Ok(Moment { clock: clock.at(number(hour), number(minute), number(second), nanosecond), offset })
    }

    /// The timestamp in RFC 3339, in whole seconds.
    pub(super) fn rfc3339(self) -> String {
        format!("{}{}", self.clock.strftime("%Y-%m-%dT%H:%M:%S"), self.zone_text())
    }

    /// The time in UTC.
    fn utc(self) -> Option<DateTime> {
        self.clock.checked_sub(SignedDuration::from_mins(self.offset)).ok()
    }

    fn offset_text(self, separator: &str) -> String {
        let minutes = self.offset.abs();
        let sign = if self.offset < 0 { '-' } else { '+' };
        format!("{sign}{:02}{separator}{:02}", minutes / 60, minutes % 60)
    }

    fn zone_text(self) -> String {
        if self.offset == 0 { "Z".to_owned() } else { self.offset_text(":") }
    }
}

/// Reads a timestamp from front to back.
struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn take(&mut self, c: char) -> bool {
        self.rest.strip_prefix(c).map(|rest| self.rest = rest).is_some()
    }

    fn mark(&mut self, c: char) -> Result<(), String> {
        if self.take(c) {
            return Ok(());
        }
        Err(match self.rest.chars().next() {
            None => format!("end of string where {:?} is expected", c.to_string()),
            Some(_) => format!("found {:?} where {:?} is expected", self.rest, c.to_string()),
        })
    }

    fn digits(&mut self, count: usize, what: &str, range: std::ops::RangeInclusive<i64>) -> Result<i64, String> {
        if self.rest.is_empty() {
            return Err(format!("end of string before {what}"));
        }
        let digits = self.rest.get(..count).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let digits = digits.ok_or_else(|| format!("{what} must have exactly {count} digits"))?;
        let value = digits.parse().ok().filter(|value| range.contains(value));
        let value =
            value.ok_or_else(|| format!("{what} must be between {} and {} inclusive", range.start(), range.end()))?;
        self.rest = self.rest.get(count..).unwrap_or_default();
        Ok(value)
    }

    /// The fraction of a second, if there is one, in nanoseconds; what is finer is dropped.
    fn fraction(&mut self) -> Result<i32, String> {
        if !self.take('.') {
            return Ok(0);
        }
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at_checked(end).unwrap_or_default();
        if digits.is_empty() {
            return Err("the fraction of the second has no digits".to_owned());
        }
        self.rest = rest;
        Ok(digits.bytes().chain(std::iter::repeat(b'0')).take(9).fold(0, |n, digit| n * 10 + i32::from(digit - b'0')))
    }

    fn offset(&mut self) -> Result<i64, String> {
        let text = self.rest;
        if text.is_empty() {
            return Err("end of string before UTC offset".to_owned());
        }
        let wrong = || format!("cannot use {text:?} as UTC offset");
        let minutes = if self.take('Z') {
            0
        } else {
            let sign = if self.take('-') {
                -1
            } else if self.take('+') {
                1
            } else {
                return Err(wrong());
            };
            let hours = self.digits(2, "hour", 0..=23).map_err(|_| wrong())?;
            self.mark(':').map_err(|_| wrong())?;
            sign * (hours * 60 + self.digits(2, "minute", 0..=59).map_err(|_| wrong())?)
        };
        if self.rest.is_empty() { Ok(minutes) } else { Err(format!("extra text after the timestamp: {:?}", self.rest)) }
    }
}

fn moment(a: &Arguments<'_>, at: usize) -> Result<Moment, CallError> {
    Moment::parse(a.text(at)?).map_err(|reason| {
        CallError::argument(at, format!("not a valid RFC3339 timestamp: {reason}"))
            .or_discreetly("not a valid RFC3339 timestamp")
    })
}

fn timestamp(a: &Arguments<'_>) -> Result<Value, CallError> {
    if a.cx.phase == Phase::Plan {
        return Ok(Value::unknown(Type::String));
    }
    Ok(ascii(&Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()))
}

fn plantimestamp(a: &Arguments<'_>) -> Result<Value, CallError> {
    Ok(a.cx.plan_timestamp.as_deref().map_or_else(|| Value::unknown(Type::String), Value::string))
}

fn timeadd(a: &Arguments<'_>) -> Result<Value, CallError> {
    let moment = moment(a, 0).map_err(CallError::of_the_call)?;
    let nanoseconds = parse_duration(a.text(1)?)
        .map_err(|reason| CallError::whole(format!("invalid duration {}: {reason}", a.quoted(1))))?;
    let moved = moment.clock.checked_add(SignedDuration::from_nanos(nanoseconds));
    let moved = moved.map_err(|_| CallError::whole("the result is beyond the years that can be written"))?;
    let in_range = (0..=9999).contains(&moved.year());
    if !in_range {
        return Err(CallError::whole("the result is beyond the years that can be written"));
    }
    Ok(ascii(&Moment { clock: moved, ..moment }.rfc3339()))
}

/// A duration in nanoseconds: numbers with units, one after the other, and an optional sign in front.
fn parse_duration(text: &str) -> Result<i64, &'static str> {
    const UNITS: [(&str, i128); 8] = [
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("μs", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    let too_long = "it is too long";
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err("it is empty");
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at_checked(end).unwrap_or_default();
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return Err("a number is required before each unit");
        }
        let end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(end).unwrap_or_default();
        if unit.is_empty() {
            return Err("a unit (h, m, s, ms, us, ns) is required after each number");
        }
        let unit = UNITS.iter().find(|(name, _)| *name == unit);
        let (_, size) = unit.ok_or("the units are h, m, s, ms, us and ns")?;
        let whole = if whole.is_empty() { 0 } else { whole.parse::<i64>().map_err(|_| too_long)? };
        total += i128::from(whole) * size;
        let mut scale = *size;
        for digit in fraction.bytes() {
            scale /= 10;
            total += i128::from(digit - b'0') * scale;
        }
        if total > 1 << 63 {
            return Err(too_long);
        }
        rest = after;
    }
    i64::try_from(if negative { -total } else { total }).map_err(|_| too_long)
}

fn timecmp(a: &Arguments<'_>) -> Result<Value, CallError> {
    let utc = |at: usize| {
        moment(a, at)?.utc().ok_or_else(|| CallError::argument(at, "the time is beyond the years that can be written"))
    };
    Ok(Value::number(match utc(0)?.cmp(&utc(1)?) {
        std::cmp::Ordering::Less => -1,
        std::cmp::Ordering::Equal => 0,
        std::cmp::Ordering::Greater => 1,
    }))
}

fn formatdate(a: &Arguments<'_>) -> Result<Value, CallError> {
    let moment = moment(a, 1)?;
    let mut out = String::new();
    let mut rest = a.text(0)?;
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            rest = quoted(rest, &mut out)?;
            continue;
        }
        if !first.is_ascii_alphabetic() {
            out.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            continue;
        }
        let after = rest.trim_start_matches(first);
        let verb = rest.get(..rest.len() - after.len()).unwrap_or_default();
        out.push_str(&field(verb, moment).map_err(|allowed| {
            let allowed = if allowed.is_empty() { String::new() } else { format!(": {allowed}") };
            CallError::argument(0, format!("invalid date format verb {verb:?}{allowed}"))
                .or_discreetly("invalid date format verb")
        })?);
        rest = after;
    }
    Ok(Value::string(out))
}

/// Takes a literal in quotes; two quotes on their own, and within a literal, stand for one.
fn quoted<'t>(text: &'t str, out: &mut String) -> Result<&'t str, CallError> {
    let mut rest = text.strip_prefix('\'').unwrap_or(text);
    if let Some(after) = rest.strip_prefix('\'') {
        out.push('\'');
        return Ok(after);
    }
    loop {
        let (literal, after) = rest.split_once('\'').ok_or_else(|| CallError::argument(0, "unterminated literal '"))?;
        out.push_str(literal);
        rest = after;
        match rest.strip_prefix('\'') {
            Some(after) => {
                out.push('\'');
                rest = after;
            }
            None => return Ok(rest),
        }
    }
}

/// One field of a date format, or which notations there are.
fn field(verb: &str, moment: Moment) -> Result<String, &'static str> {
    let clock = moment.clock;
    let two = |value: i8| format!("{value:02}");
    let month = usize::try_from(clock.month() - 1).ok().and_then(|month| MONTHS.get(month)).copied().unwrap_or("");
    let weekday = clock.strftime("%A").to_string();
    let twelve = match clock.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let half = if clock.hour() < 12 { "am" } else { "pm" };
    let short = |name: &str| name.get(..3).unwrap_or(name).to_owned();
    Ok(match verb {
        "YYYY" => format!("{:04}", clock.year()),
        "YY" => format!("{:02}", clock.year() % 100),
        "MMMM" => month.to_owned(),
        "MMM" => short(month),
        "MM" => two(clock.month()),
        "M" => clock.month().to_string(),
        "DD" => two(clock.day()),
        "D" => clock.day().to_string(),
        "EEEE" => weekday,
        "EEE" => short(&weekday),
        "hh" => two(clock.hour()),
        "h" => clock.hour().to_string(),
        "HH" => two(twelve),
        "H" => twelve.to_string(),
        "AA" => half.to_uppercase(),
        "aa" => half.to_owned(),
        "mm" => two(clock.minute()),
        "m" => clock.minute().to_string(),
        "ss" => two(clock.second()),
        "s" => clock.second().to_string(),
        "Z" => moment.zone_text(),
        "ZZZ" if moment.offset == 0 => "UTC".to_owned(),
        "ZZZ" | "ZZZZ" => moment.offset_text(""),
        "ZZZZZ" => moment.offset_text(":"),
        _ => {
            return Err(match verb.get(..1) {
                Some("Y") => "year must either be \"YY\" or \"YYYY\"",
                Some("M") => "month must be \"M\", \"MM\", \"MMM\", or \"MMMM\"",
                Some("D") => "day of month must either be \"D\" or \"DD\"",
                Some("E") => "day of week must either be \"EEE\" or \"EEEE\"",
                Some("h") => "24-hour must either be \"h\" or \"hh\"",
                Some("H") => "12-hour must either be \"H\" or \"HH\"",
                Some("A") => "must be \"AA\"",
                Some("a") => "must be \"aa\"",
                Some("m") => "minute must either be \"m\" or \"mm\"",
                Some("s") => "second must either be \"s\" or \"ss\"",
                Some("Z") => "timezone must be Z, ZZZ, ZZZZ, or ZZZZZ",
                _ => "",
            });
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_exact() {
        assert_eq!(parse_duration("1h30m0.5s"), Ok(5_400_500_000_000));
        assert_eq!(parse_duration("-2562047h47m16.854775808s"), Ok(i64::MIN));
        for wrong in ["", "1", "1d", ".h", "1h 2m", "2562048h", "1..5s", "--1s", "1h-2m"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }
}
