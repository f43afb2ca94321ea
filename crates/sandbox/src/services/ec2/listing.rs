//! What all Describe calls have in common: ids, filters and pages.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Answer;
use super::filter::{Filters, TagMap};
use super::ids::Kind;
use crate::wire::ApiError;
use crate::wire::query::Params;
use crate::wire::xml::Node;

/// How one Describe call lists its resources.
pub(crate) struct Listing {
    /// The element that holds the list.
    pub set: &'static str,
    pub kind: Kind,
    /// Filters besides tags.
    pub filters: &'static [&'static str],
    /// Least and greatest MaxResults; none where they are not limited.
    pub limits: Option<(i64, i64)>,
    /// The page size when none is asked for; everything if absent.
    pub default_page: Option<usize>,
}

/// Lists the resources that the request asks for. Ids that are malformed or unknown fail the whole call.
pub(crate) fn describe<'a, T: 'a>(
    listing: &Listing,
    params: &Params,
    tags: &TagMap,
    resources: impl Iterator<Item = (&'a str, &'a T)>,
    values: impl Fn(&T, &str) -> Vec<String>,
    node: impl Fn(&T) -> Node,
) -> Answer {
    let kind = &listing.kind;
    let ids = params.list(kind.param);
    if !ids.is_empty() && params.get("MaxResults").is_some() {
        return Err(ApiError::new(
            "InvalidParameterCombination",
            format!("The parameter {}s cannot be used with the parameter MaxResults", kind.param),
        ));
    }
    ids.iter().try_for_each(|id| kind.check(id))?;
    let filters = Filters::parse(params, listing.filters)?;
    let mut found: Vec<(&str, &T)> = resources.collect();
    let missing: Vec<&str> = ids.iter().copied().filter(|id| !found.iter().any(|(known, _)| known == id)).collect();
    if !missing.is_empty() {
        return Err(kind.not_found(&missing));
    }
    found.retain(|(id, resource)| {
        (ids.is_empty() || ids.contains(id)) && filters.pass(tags.get(*id), |name| values(resource, name))
    });
    let page = Page::of(listing, params)?;
    let (shown, token) = page.cut(found, |(id, _)| id);
    let mut answer = vec![(listing.set, Node::list(shown.into_iter().map(|(_, resource)| node(resource))))];
    answer.extend(token.map(|token| ("nextToken", Node::text(token))));
    Ok(answer)
}

/// Which part of a list is asked for.
pub(crate) struct Page<'a> {
    what: &'a str,
    after: Option<String>,
    size: Option<usize>,
}

impl<'a> Page<'a> {
    /// Reads MaxResults and NextToken.
    pub(crate) fn of(listing: &Listing, params: &Params) -> Result<Page<'a>, ApiError> {
        Page::read(params, listing.set, listing.limits, listing.default_page)
    }

    /// As [`Page::of`]; `what` binds the token to its call.
    pub(crate) fn read(
        params: &Params,
        what: &'a str,
        limits: Option<(i64, i64)>,
        default: Option<usize>,
    ) -> Result<Page<'a>, ApiError> {
        let size = match params.integer("MaxResults")? {
            None => default,
            Some(size) => {
                let (least, greatest) = limits.unwrap_or((1, i64::MAX));
                if !(least..=greatest).contains(&size) {
                    return Err(ApiError::new(
                        "InvalidParameterValue",
                        format!(
                            "Value ( {size} ) for parameter maxResults is invalid. Expecting a value from {least} to {greatest}."
                        ),
                    ));
                }
                usize::try_from(size).ok()
            }
        };
        let after = match params.get("NextToken").filter(|token| !token.is_empty()) {
            None => None,
            Some(token) => Some(
                URL_SAFE_NO_PAD
                    .decode(token)
                    .ok()
                    .and_then(|bytes| String::from_utf8(bytes).ok())
                    .and_then(|text| text.strip_prefix(what)?.strip_prefix(' ').map(str::to_owned))
                    .ok_or_else(|| ApiError::new("InvalidNextToken", "The token is invalid."))?,
            ),
        };
        Ok(Page { what, after, size })
    }

    /// The entries of the page in the order of their keys, and the token for the next page.
    pub(crate) fn cut<E>(&self, mut entries: Vec<E>, key: impl Fn(&E) -> &str) -> (Vec<E>, Option<String>) {
        entries.sort_by(|a, b| key(a).cmp(key(b)));
        if let Some(after) = &self.after {
            entries.retain(|entry| key(entry) > after.as_str());
        }
        let Some(size) = self.size.filter(|size| *size < entries.len()) else { return (entries, None) };
        entries.truncate(size);
        let token = entries.last().map(|last| URL_SAFE_NO_PAD.encode(format!("{} {}", self.what, key(last))));
        (entries, token)
    }
}
