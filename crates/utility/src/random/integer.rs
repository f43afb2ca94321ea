//! `random_integer`: a whole number between two bounds.

use smform_provider::ProviderError;
use smform_types::schema::{Attribute, Block, Constraint, Schema};
use smform_types::{Diagnostic, Diagnostics, Number, Path, Type, Value};

use super::keepers;
use crate::kept::{Make, set, text};

pub struct Integer;

const BOUNDS: [&str; 2] = ["min", "max"];

impl Make for Integer {
    fn name(&self) -> &'static str {
        "random_integer"
    }

    fn schema(&self) -> Schema {
        // Beyond what a service could be told, which is what numbers are held to otherwise; `validate` judges them.
        let number = |attribute: Attribute| attribute.with(Constraint::Fraction);
        let bound = |description| number(Attribute::required(Type::Number)).forces_replacement().describe(description);
        let mut block = Block::new(
            [
                ("id", Attribute::computed(Type::String).describe("The number as text.")),
                ("keepers", keepers()),
                ("max", bound("The largest number that it can be.")),
                ("min", bound("The smallest number that it can be.")),
                ("result", number(Attribute::computed(Type::Number)).describe("The number.")),
                (
                    "seed",
                    Attribute::optional(Type::String).forces_replacement().describe(
                        "The same text gives the same number again, though not the one that Terraform makes of it.",
                    ),
                ),
            ],
            [],
        );
        block.description = "A random whole number.";
        Schema { version: 0, block }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut found = Diagnostics::new();
        for name in BOUNDS {
            let number = config.get(name).filter(|value| value.as_number().is_some());
            if number.is_some_and(|number| number.as_i64().is_none()) {
                let detail = format!("It must be a whole number of at most {}.", i64::MAX);
                let error = Diagnostic::error(format!("Invalid value for {name}"), detail);
                found.push(error.of_attribute(Path::attribute(name)));
            }
        }
        if let Some(Err(detail)) = bounds(config) {
            found.push(Diagnostic::error("No number to choose", detail).of_attribute(Path::attribute("min")));
        }
        found
    }

    fn make(&self, planned: Value) -> Result<Value, ProviderError> {
        let (min, max) = bounds(&planned)
            .unwrap_or_else(|| Err("The bounds are not known.".to_owned()))
            .map_err(|detail| ProviderError::new("No number to choose", detail))?;
        let number = match text(&planned, "seed") {
            "" => rand::random_range(min..=max),
            seed => seeded(seed, min, max),
        };
        Ok(noted(planned, number))
    }

    /// `RESULT,MIN,MAX` or `RESULT,MIN,MAX,SEED`.
    fn adopt(&self, empty: Value, identifier: &str) -> Result<Value, ProviderError> {
        let malformed = || {
            let detail = format!("{identifier:?} is not RESULT,MIN,MAX or RESULT,MIN,MAX,SEED, such as 15390,1,50000.");
            ProviderError::new("Malformed import identifier", detail)
        };
        let mut parts = identifier.splitn(4, ',');
        let mut number = || parts.next().and_then(|part| part.parse::<i64>().ok()).ok_or_else(malformed);
        let (result, min, max) = (number()?, number()?, number()?);
        let mut value = set(set(empty, "min", whole(min)), "max", whole(max));
        if let Some(seed) = parts.next() {
            value = set(value, "seed", Value::string(seed));
        }
        Ok(noted(value, result))
    }
}

fn whole(number: i64) -> Value {
    Value::number(Number::from(number))
}

fn noted(object: Value, number: i64) -> Value {
    set(set(object, "id", Value::string(number.to_string())), "result", whole(number))
}

/// Both bounds, where they are known; or why there is nothing between them.
fn bounds(config: &Value) -> Option<Result<(i64, i64), String>> {
    let [min, max] = BOUNDS.map(|name| config.get(name).and_then(Value::as_i64));
    let (min, max) = min.zip(max)?;
    Some(if min <= max { Ok((min, max)) } else { Err(format!("min, {min}, is above max, {max}.")) })
}

/// The number of a seed, the same in every version: the text's hash (FNV-1a, mixed as by SplitMix64), scaled to the bounds.
fn seeded(seed: &str, min: i64, max: i64) -> i64 {
    let hash = seed
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let mixed = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let mixed = mixed ^ (mixed >> 31);
    let count = u128::from(max.abs_diff(min)) + 1;
    let above = u64::try_from((u128::from(mixed) * count) >> 64).unwrap_or_default();
    min.wrapping_add_unsigned(above)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(min: i64, max: i64, seed: Option<&str>) -> Value {
        let object = set(set(Integer.schema().block.empty(), "min", whole(min)), "max", whole(max));
        seed.map_or(object.clone(), |seed| set(object, "seed", Value::string(seed)))
    }

    fn result(made: &Value) -> i64 {
        made.get("result").and_then(Value::as_i64).unwrap()
    }

    #[test]
    fn it_is_between_its_bounds() {
        for (min, max) in [(1, 3), (-2, -2), (i64::MIN, i64::MAX)] {
            let made = Integer.make(planned(min, max, None)).unwrap();
            assert!((min..=max).contains(&result(&made)), "{made:?}");
            assert_eq!(text(&made, "id"), result(&made).to_string());
        }
        let wrong = planned(2, 1, None);
        assert!(Integer.validate(&wrong).has_errors() && Integer.make(wrong).is_err());
        let half = set(planned(1, 2, None), "max", Value::number(Number::parse("1.5").unwrap()));
        assert!(Integer.validate(&half).has_errors());
        let later = set(planned(1, 2, None), "max", Value::unknown(Type::Number));
        assert!(!Integer.validate(&later).has_errors());
    }

    #[test]
    fn a_seed_gives_its_number_again() {
        let of = |seed| result(&Integer.make(planned(1, 50_000, Some(seed))).unwrap());
        assert_eq!(of("a"), of("a"));
        let different: std::collections::BTreeSet<i64> = ["a", "b", "c", "d"].map(of).into();
        assert!(different.len() > 1 && different.iter().all(|number| (1..=50_000).contains(number)), "{different:?}");
        assert_eq!(seeded("a", i64::MAX, i64::MAX), i64::MAX);
    }

    #[test]
    fn an_import_says_result_bounds_and_seed() {
        let empty = || Integer.schema().block.empty();
        let made = Integer.adopt(empty(), "15390,1,50000,a,b").unwrap();
        assert_eq!((result(&made), text(&made, "id"), text(&made, "seed")), (15390, "15390", "a,b"));
        assert_eq!(bounds(&made), Some(Ok((1, 50_000))));
        assert!(Integer.adopt(empty(), "15390,1,50000").unwrap().get("seed").unwrap().is_null());
        assert!(Integer.adopt(empty(), "1,2").is_err() && Integer.adopt(empty(), "a,1,2").is_err());
    }
}
