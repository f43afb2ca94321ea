//! What the policy of a VPC endpoint says about one action on one resource. Conditions, principals and variables are not
//! evaluated: what depends on them is unclear.

use serde_json::Value as Json;

/// What a policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Allowed,
    Denied,
    /// It depends on what is not known here, or the policy cannot be read.
    Unclear,
}

/// Judges an action such as `s3:GetObject` on the ARN of a resource.
pub(super) fn judge(policy: &str, action: &str, resource: &str) -> Verdict {
    let document = serde_json::from_str::<Json>(policy).unwrap_or_default();
    let Some(statements) = document.get("Statement") else { return Verdict::Unclear };
    let mut verdict = Verdict::Denied;
    for statement in several(statements) {
        let matches = names(statement, "Action", "NotAction", &action.to_ascii_lowercase(), str::to_ascii_lowercase)
            .and(names(statement, "Resource", "NotResource", resource, str::to_owned));
        let depends = statement.get("Condition").is_some() || !is_for_everyone(statement);
        let allow = match statement.get("Effect").and_then(Json::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return Verdict::Unclear,
        };
        match (matches, allow) {
            (Matches::No, _) => {}
            (Matches::Yes, false) if !depends => return Verdict::Denied,
            (Matches::Yes, true) if !depends && verdict == Verdict::Denied => verdict = Verdict::Allowed,
            (Matches::Yes, true) if !depends => {}
            (_, true) if verdict == Verdict::Allowed => {}
            _ => verdict = Verdict::Unclear,
        }
    }
    verdict
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Matches {
    Yes,
    No,
    Perhaps,
}

impl Matches {
    fn and(self, other: Matches) -> Matches {
        match (self, other) {
            (Matches::No, _) | (_, Matches::No) => Matches::No,
            (Matches::Yes, Matches::Yes) => Matches::Yes,
            _ => Matches::Perhaps,
        }
    }
}

/// A member that is one thing or a list of them.
fn several(value: &Json) -> &[Json] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}

fn names(statement: &Json, member: &str, negated: &str, wanted: &str, form: fn(&str) -> String) -> Matches {
    let (patterns, listed) = match (statement.get(member), statement.get(negated)) {
        (Some(patterns), None) => (patterns, true),
        (None, Some(patterns)) => (patterns, false),
        _ => return Matches::Perhaps,
    };
    let patterns: Vec<String> = several(patterns).iter().filter_map(Json::as_str).map(form).collect();
    let hit = patterns.iter().any(|pattern| is_like(pattern.as_bytes(), wanted.as_bytes()));
    let variable = patterns.iter().any(|pattern| pattern.contains("${"));
    match (hit, variable) {
        (false, true) => Matches::Perhaps,
        _ if hit == listed => Matches::Yes,
        _ => Matches::No,
    }
}

fn is_for_everyone(statement: &Json) -> bool {
    match statement.get("Principal") {
        Some(Json::String(who)) => who == "*",
        Some(Json::Object(who)) => who.get("AWS").is_some_and(|who| several(who).iter().any(|who| who == "*")),
        Some(_) => false,
        None => statement.get("NotPrincipal").is_none(),
    }
}

/// Whether a text is like a pattern, in which `*` stands for any text and `?` for any one character.
fn is_like(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on after a star, should what follows it not match: one character further.
    let mut star: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(p), text.get(t)) {
            (None, None) => return true,
            (Some(b'*'), _) => {
                star = Some((p + 1, t));
                p += 1;
            }
            (Some(one), Some(other)) if *one == b'?' || one == other => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((after, from)) if from < text.len() => {
                    star = Some((after, from + 1));
                    (p, t) = (after, from + 1);
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verdict(statements: Json) -> Verdict {
        let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        judge(&policy, "s3:GetObject", "arn:aws:s3:::models/a/model.tar.gz")
    }

    fn allow(action: &str, resource: &str) -> Json {
        json!({"Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource})
    }

    #[test]
    fn what_is_not_allowed_is_denied() {
        assert_eq!(verdict(allow("*", "*")), Verdict::Allowed);
        assert_eq!(verdict(json!([allow("s3:get*", "arn:aws:s3:::models/*")])), Verdict::Allowed);
        assert_eq!(verdict(json!([])), Verdict::Denied);
        assert_eq!(verdict(allow("s3:PutObject", "*")), Verdict::Denied);
        assert_eq!(verdict(allow("s3:*", "arn:aws:s3:::others/*")), Verdict::Denied);
        assert_eq!(verdict(allow("s3:*", "arn:aws:s3:::models")), Verdict::Denied);
        assert_eq!(
            verdict(
                json!({"Effect": "Allow", "Principal": {"AWS": ["*"]}, "NotAction": "s3:Put*", "NotResource": ["arn:aws:s3:::b/*"]})
            ),
            Verdict::Allowed
        );
    }

    #[test]
    fn a_denial_outweighs() {
        let mut deny = allow("s3:GetObject", "arn:aws:s3:::models/*");
        deny["Effect"] = json!("Deny");
        assert_eq!(verdict(json!([allow("*", "*"), deny])), Verdict::Denied);
        deny["Condition"] = json!({"StringNotEquals": {"aws:PrincipalAccount": "1"}});
        assert_eq!(verdict(json!([allow("*", "*"), deny])), Verdict::Unclear);
        assert_eq!(verdict(json!([deny, allow("*", "*")])), Verdict::Unclear);
    }

    #[test]
    fn what_depends_on_more_is_unclear() {
        let mut conditional = allow("*", "*");
        conditional["Condition"] = json!({});
        assert_eq!(verdict(conditional), Verdict::Unclear);
        let mut someone = allow("*", "*");
        someone["Principal"] = json!({"AWS": "arn:aws:iam::1:role/r"});
        assert_eq!(verdict(someone), Verdict::Unclear);
        assert_eq!(verdict(allow("*", "arn:aws:s3:::${aws:PrincipalAccount}-models/*")), Verdict::Unclear);
        assert_eq!(judge("no policy", "s3:GetObject", "a"), Verdict::Unclear);
        assert_eq!(judge("[]", "s3:GetObject", "a"), Verdict::Unclear);
        assert_eq!(verdict(json!("text")), Verdict::Unclear);
    }

    #[test]
    fn patterns_have_stars_and_question_marks() {
        for (pattern, text, like) in [
            ("*", "", true),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abcd", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*é*", "café au lait", true),
            ("**", "x", true),
            ("", "x", false),
        ] {
            assert_eq!(is_like(pattern.as_bytes(), text.as_bytes()), like, "{pattern} {text}");
        }
    }
}
