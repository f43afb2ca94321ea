//! Which element of one collection corresponds to which of another.

use std::collections::{HashMap, HashSet};

use similar::{Algorithm, DiffTag, capture_diff_slices};
use smform_types::{Type, Value, ValueKind};

/// Largest table of items of one side by items of the other that is worth building.
const MAX_TABLE: usize = 250_000;

/// An index on the old side and one on the new side; an element that appears or goes away has only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair(pub Option<usize>, pub Option<usize>);

/// Pairs the elements of two lists.
///
/// Lists of the same length of which some old element is gone are compared place by place, since then elements were
/// most likely changed, not moved. Otherwise the longest common subsequence stays, and what is between goes away or
/// appears; objects there are paired in order, so that their inner changes show. This is what Terraform does
/// (observed).
pub fn pair_list(before: &[Value], after: &[Value]) -> Vec<Pair> {
    // As in Terraform, what is not known counts as null here.
    let place = |value: Value| if value.is_known() && !value.is_null() { value } else { Value::null(Type::Dynamic) };
    let places = |values| -> Vec<Value> { plain(values).into_iter().map(place).collect() };
    let (old, new) = (places(before), places(after));
    let kept: HashSet<&Value> = new.iter().collect();
    if old.len() == new.len() && old.iter().any(|item| !kept.contains(item)) {
        return (0..old.len()).map(|at| Pair(Some(at), Some(at))).collect();
    }
    merge(&old, &new, |old, new| is_object(old) && is_object(new))
}

/// Walks both sides along their longest common subsequence, each common item at its first place on both sides. What is
/// between goes away or appears, unless `changed` says that one became the other.
fn merge<T: Clone + Eq + std::hash::Hash + Ord>(old: &[T], new: &[T], changed: impl Fn(&T, &T) -> bool) -> Vec<Pair> {
    // Both find a longest common subsequence; the first finds the one that Terraform finds, and needs a table.
    let small = old.len().saturating_mul(new.len()) <= MAX_TABLE;
    let ops = capture_diff_slices(if small { Algorithm::Lcs } else { Algorithm::Myers }, old, new);
    let equal = ops.iter().filter(|op| op.tag() == DiffTag::Equal);
    let common: Vec<&T> = equal.flat_map(|op| old.get(op.old_range()).unwrap_or_default()).collect();
    let mut common = common.into_iter();
    let mut pairs = Vec::new();
    let (mut old_at, mut new_at) = (0, 0);
    loop {
        let next = common.next();
        while let Some(item) = old.get(old_at).filter(|item| Some(*item) != next) {
            let other = new.get(new_at).filter(|other| Some(*other) != next && changed(item, other));
            pairs.push(Pair(Some(old_at), other.map(|_| new_at)));
            old_at += 1;
            new_at += usize::from(other.is_some());
        }
        while new.get(new_at).is_some_and(|item| Some(item) != next) {
            pairs.push(Pair(None, Some(new_at)));
            new_at += 1;
        }
        if next.is_none() {
            return pairs;
        }
        pairs.push(Pair(Some(old_at), Some(new_at)));
        old_at += 1;
        new_at += 1;
    }
}

/// Values without marks, which say nothing about whether two are the same.
fn plain(values: &[Value]) -> Vec<Value> {
    values.iter().map(|value| value.clone().unmark_deep().0).collect()
}

fn is_object(value: &Value) -> bool {
    matches!(value.kind(), ValueKind::Object(_) | ValueKind::Map(..))
}

/// Pairs the elements of two sets: equal ones with each other, then what goes away, then what appears.
pub fn pair_set(before: &[Value], after: &[Value]) -> Vec<Pair> {
    let (old, new) = (plain(before), plain(after));
    let mut places: HashMap<&Value, Vec<usize>> = HashMap::new();
    for (at, item) in new.iter().enumerate().rev() {
        places.entry(item).or_default().push(at);
    }
    let mut take = |item: &Value| places.get_mut(item).and_then(Vec::pop);
    let mut pairs: Vec<Pair> = old.iter().enumerate().map(|(at, item)| Pair(Some(at), take(item))).collect();
    let mut left: Vec<usize> = places.into_values().flatten().collect();
    left.sort_unstable();
    pairs.extend(left.into_iter().map(|at| Pair(None, Some(at))));
    pairs
}

/// A line of two texts compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'t> {
    /// On both sides.
    Same(&'t str),
    /// Only on the old side.
    Gone(&'t str),
    /// Only on the new side.
    New(&'t str),
}

/// The lines of two texts, compared by their longest common subsequence.
pub fn pair_lines<'t>(before: &'t str, after: &'t str) -> Vec<Line<'t>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.split('\n').collect(), after.split('\n').collect());
    let line = |Pair(gone, made): Pair| {
        let gone = gone.and_then(|at| old.get(at)).copied();
        let made = made.and_then(|at| new.get(at)).copied();
        match (gone, made) {
            (Some(line), Some(_)) => Line::Same(line),
            (Some(line), None) => Line::Gone(line),
            (None, made) => Line::New(made.unwrap_or_default()),
        }
    };
    merge(&old, &new, |_, _| false).into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[&str]) -> Vec<Value> {
        texts.iter().map(Value::string).collect()
    }

    fn shown(before: &[&str], after: &[&str]) -> String {
        let pairs = pair_list(&list(before), &list(after));
        let text = |at: Option<usize>, side: &[&str]| at.and_then(|at| side.get(at)).map_or("", |text| text).to_owned();
        let pairs = pairs.into_iter().map(|Pair(old, new)| {
            let (old, new) = (text(old, before), text(new, after));
            if old == new { old } else { format!("{old}>{new}") }
        });
        pairs.collect::<Vec<_>>().join(" ")
    }

    // Each as Terraform 1.11 pairs it.
    #[test]
    fn pairs_as_terraform_does() {
        assert_eq!(shown(&["a", "b", "c"], &["b", "c", "d"]), "a>b b>c c>d");
        assert_eq!(shown(&["a", "b", "c"], &["c", "a", "b"]), ">c a b c>");
        assert_eq!(shown(&["1", "1"], &["1", "2"]), "1 1> >2");
        assert_eq!(shown(&["a", "a", "b"], &["a", "b", "b"]), "a a> b >b");
        assert_eq!(shown(&["a", "b"], &["c", "d", "e"]), "a> b> >c >d >e");
        assert_eq!(shown(&["q", "q", "q"], &["a", "q", "q"]), ">a q q q>");
        assert_eq!(shown(&["a", "q", "q"], &["q", "q", "q"]), "a>q q q");
        assert_eq!(shown(&["a", "b"], &["b", "a"]), "a> b >a");
        assert_eq!(shown(&["b", "c"], &["a", "b", "c"]), ">a b c");
        assert_eq!(shown(&["a", "b", "b", "c"], &["a", "b", "c", "c"]), "a b b> c >c");
        assert_eq!(shown(&["a", "b", "c", "d", "e", "f"], &["a", "b", "X", "d", "e", "f", "g"]), "a b c> >X d e f >g");
    }

    #[test]
    fn sets_have_no_order() {
        let pairs = pair_set(&list(&["a", "b"]), &list(&["b", "c"]));
        assert_eq!(pairs, [Pair(Some(0), None), Pair(Some(1), Some(0)), Pair(None, Some(1))]);
    }
}
