//! Objects that EC2 names itself, and of which any number may be alike: how one is found again that a killed run, or a call
//! without an answer, may have created.
//!
//! Those alike that are there before the call are written down with the intent. What is there beside them afterwards was
//! created by it. Creations of one type take turns, so that two of a run are not taken for each other.

use std::collections::BTreeSet;

use smform_provider::ProviderError;

/// What separates the parts of the identifier.
const BESIDE: &str = " beside ";

/// An object that is about to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sought {
    /// What it has in common with those that are alike.
    pub(crate) like: String,
    others: BTreeSet<String>,
}

impl Sought {
    /// An object like those with these ids, which are there already.
    pub(crate) fn new(like: impl Into<String>, others: Vec<String>) -> Sought {
        Sought { like: like.into(), others: others.into_iter().collect() }
    }

    /// What an identifier says that [`Sought::identifier`] has written; nothing when it is another one. Objects that are
    /// recorded by now are others as well: a colleague's run may have created one since.
    pub(crate) fn parse(identifier: &str, recorded: &[String]) -> Option<Sought> {
        let (like, others) = identifier.split_once(BESIDE)?;
        let others = others.split(',').filter(|id| !id.is_empty()).map(str::to_owned);
        Some(Sought { like: like.to_owned(), others: others.chain(recorded.iter().cloned()).collect() })
    }

    /// The identifier by which an import finds the object.
    pub(crate) fn identifier(&self) -> String {
        let others: Vec<&str> = self.others.iter().map(String::as_str).collect();
        format!("{}{BESIDE}{}", self.like, others.join(","))
    }

    /// The id of the object, if it was created, from the ids of all that are alike now.
    ///
    /// # Errors
    /// When somebody else has created another one since.
    pub(crate) fn only(&self, what: &str, found: Vec<String>) -> Result<Option<String>, ProviderError> {
        let mut new: Vec<String> = found.into_iter().filter(|id| !self.others.contains(id)).collect();
        if new.len() > 1 {
            let detail = format!(
                "A run that was cut off may have created one of {}, and somebody else has created others meanwhile. Import \
                 the one that belongs here with \"smform import ADDRESS ID\", or delete it, and run the command again.",
                new.join(", ")
            );
            return Err(ProviderError::new(format!("It is not known which {what} belongs here"), detail));
        }
        Ok(new.pop())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_is_read_back() {
        for others in [vec![], vec!["vpc-1".to_owned()], vec!["vpc-1".to_owned(), "vpc-2".to_owned()]] {
            let sought = Sought::new("10.0.0.0/16", others);
            assert_eq!(Sought::parse(&sought.identifier(), &[]), Some(sought));
        }
        assert_eq!(Sought::parse("vpc-0123456789abcdef0", &[]), None);
    }

    #[test]
    fn what_is_recorded_by_now_is_not_what_is_looked_for() {
        let identifier = Sought::new("10.0.0.0/16", vec!["a".to_owned()]).identifier();
        let sought = Sought::parse(&identifier, &["c".to_owned()]).expect("an identifier");
        assert_eq!(sought.only("VPC", vec!["a".into(), "b".into(), "c".into()]), Ok(Some("b".to_owned())));
    }

    #[test]
    fn it_is_the_one_that_was_not_there_before() {
        let sought = Sought::new("10.0.0.0/16", vec!["a".to_owned()]);
        let among = |ids: &[&str]| sought.only("VPC", ids.iter().map(|id| (*id).to_owned()).collect());
        assert_eq!(among(&["a"]), Ok(None));
        assert_eq!(among(&["b", "a"]), Ok(Some("b".to_owned())));
        let error = among(&["b", "a", "c"]).expect_err("two are new");
        assert!(error.detail.contains("one of b, c,"), "{error}");
    }
}
