//! One instance at plan time: read what is, ask the provider what will be.

use std::collections::BTreeSet;
use std::sync::Arc;

use smform_lang::config::IgnoreChanges;
use smform_provider::{Former, Imported, PlanRequest, PlanResponse, Session};
use smform_types::path::Step;
use smform_types::schema::Block;
use smform_types::{Diagnostic, Diagnostics, Path, Value, ValueKind};

use super::ObjectKey;
use super::decide::is_replaced;
use super::stored::Candidate;
use crate::events::{Operation, id_of};
use crate::run::Conduct;

/// What is asked.
pub struct Question {
    /// The object.
    pub object: ObjectKey,
    /// The provider.
    pub session: Arc<dyn Session>,
    /// The object as recorded, without marks.
    pub recorded: Option<Value>,
    /// As what it may exist, although it is not recorded.
    pub candidate: Option<Candidate>,
    /// By which identifier an `import` block says that it exists.
    pub import: Option<String>,
    /// What an earlier run has left to do to it.
    pub owed: Option<String>,
    /// Whether to read it.
    pub refresh: bool,
    /// What the configuration wants, without marks; nothing when only reading is asked for.
    pub config: Option<Value>,
    /// The part of the configuration that must not lead to changes.
    pub ignore: IgnoreChanges,
    /// The schema of the type.
    pub block: Block,
    /// Whether the object is recorded as tainted.
    pub tainted: bool,
    /// Whether that is only because its creation was not seen through, so that it is waited for.
    pub begun: bool,
    /// Whether a replacement was asked for.
    pub forced: bool,
    /// Whether it is only looked at before it is destroyed: that the provider cannot plan it then matters to nobody.
    pub lenient: bool,
}

impl Question {
    /// A question that only reads: nothing is recorded, wanted or asked for.
    #[must_use]
    pub fn about(object: ObjectKey, session: Arc<dyn Session>, block: Block, refresh: bool) -> Question {
        Question {
            object,
            session,
            recorded: None,
            candidate: None,
            import: None,
            owed: None,
            refresh,
            config: None,
            ignore: IgnoreChanges::None,
            block,
            tainted: false,
            begun: false,
            forced: false,
            lenient: false,
        }
    }
}

/// What was answered.
pub struct Answer {
    /// The object as read; nothing when there is none.
    pub prior: Option<Value>,
    /// Whether the wait for an unfinished creation has ended well.
    pub resumed: bool,
    /// Whether the object is what an interrupted creation left half made.
    pub unfinished: bool,
    /// By which arguments an object of the name that an earlier run has announced is known to be another one, which counts
    /// as none.
    pub stranger: Vec<String>,
    /// What the provider plans; present when a configuration was given.
    pub planned: Option<PlanResponse>,
    /// What the provider plans for a new object, if it is to be replaced.
    pub fresh: Option<PlanResponse>,
}

/// Reads and asks.
///
/// # Errors
/// When the service does not tell, or the provider cannot plan.
pub async fn ask(question: Question, conduct: Conduct) -> Result<Answer, Diagnostics> {
    let type_name = Arc::clone(&question.object.address.resource.type_name);
    let address = question.object.address.to_string();
    let about = |diagnostics: Diagnostics| diagnostics.map(|diagnostic| diagnostic.about(&address));
    let resumed = match &question.recorded {
        Some(recorded) if question.begun && question.refresh => resume(&question, recorded, &conduct).await?,
        _ => None,
    };
    let is_resumed = resumed.is_some();
    let (mut unfinished, mut stranger) = (false, Vec::new());
    let prior = match &question.recorded {
        Some(_) if is_resumed => resumed,
        Some(recorded) if question.refresh => {
            let task = conduct.begin(question.object.clone(), Operation::Refresh, id_of(recorded));
            match question.session.read(&type_name, recorded, &task).await {
                Ok(read) => {
                    task.finished(read.as_ref().and_then(id_of));
                    read
                }
                Err(error) => {
                    task.failed();
                    return Err(about(error.into_diagnostic().into()));
                }
            }
        }
        Some(recorded) => Some(recorded.clone()),
        None if question.import.is_some() => Some(import(&question, &conduct).await?),
        None => match &question.candidate {
            Some(candidate) => {
                let (found, differing) = find(&question.session, &question.object, candidate, &conduct).await?;
                unfinished = found.as_ref().is_some_and(|imported| imported.unfinished);
                stranger = differing;
                found.map(|imported| imported.value)
            }
            None => None,
        },
    };
    let answer = Answer { prior, resumed: is_resumed, unfinished, stranger, planned: None, fresh: None };
    let prior = answer.prior.clone();
    let Some(config) = question.config else {
        return Ok(answer);
    };
    let tainted = unfinished || question.tainted && !is_resumed;
    let task = conduct.quiet(question.object.clone(), Operation::Refresh).owing(question.owed);
    let kept = match &prior {
        Some(prior) => keep_ignored(&question.ignore, &question.block, config.clone(), prior),
        None => config.clone(),
    };
    let former = match (&prior, question.recorded) {
        (None, Some(recorded)) => Former::Gone(recorded),
        _ => Former::Nothing,
    };
    let request = PlanRequest { prior: prior.clone(), former, config: kept };
    let planned = match question.session.plan(&type_name, request, &task).await.and_then(sound) {
        Ok(planned) => planned,
        Err(_) if question.lenient => {
            return Ok(answer);
        }
        Err(errors) => return Err(about(errors)),
    };
    let fresh = if is_replaced(prior.is_some(), tainted, question.forced, &planned) {
        let former = prior.clone().map_or(Former::Nothing, Former::Replaced);
        let request = PlanRequest { prior: None, former, config };
        match question.session.plan(&type_name, request, &task).await.and_then(sound) {
            Ok(fresh) => Some(fresh),
            Err(_) if question.lenient => {
                return Ok(answer);
            }
            Err(errors) => return Err(about(errors)),
        }
    } else {
        None
    };
    Ok(Answer { planned: Some(planned), fresh, ..answer })
}

/// A plan whose messages are no errors: with errors, nothing else counts, also where a replacement is planned instead.
fn sound(planned: PlanResponse) -> Result<PlanResponse, Diagnostics> {
    if planned.diagnostics.has_errors() { Err(planned.diagnostics) } else { Ok(planned) }
}

/// Waits on for an object whose creation was not seen through; nothing when it must be replaced.
async fn resume(question: &Question, recorded: &Value, conduct: &Conduct) -> Result<Option<Value>, Diagnostics> {
    let object = &question.object;
    let task = conduct.begin(object.clone(), Operation::Refresh, id_of(recorded));
    match question.session.resume(&object.address.resource.type_name, recorded, &task).await {
        Ok(resumed) => {
            task.finished(id_of(recorded));
            Ok(resumed)
        }
        Err(error) => {
            task.failed();
            Err(error.into_diagnostic().about(&object.address).into())
        }
    }
}

/// Looks for what an earlier run may have created. What is there and is another object counts as none; the arguments in which it
/// differs are returned with that.
///
/// # Errors
/// When the service does not tell.
pub async fn find(
    session: &Arc<dyn Session>,
    object: &ObjectKey,
    candidate: &Candidate,
    conduct: &Conduct,
) -> Result<(Option<Imported>, Vec<String>), Diagnostics> {
    let identifier = &candidate.identifier;
    let begin = |operation| conduct.begin(object.clone(), operation, Some(identifier.clone()));
    let task = begin(Operation::Refresh).beside(candidate.recorded.clone());
    let imported = match session.import(&object.address.resource.type_name, identifier, &task).await {
        Ok(imported) => imported,
        Err(error) => {
            task.failed();
            return Err(error.into_diagnostic().about(&object.address).into());
        }
    };
    let differing = match &imported {
        Some(imported) => differing(session, object, candidate, &imported.value, conduct).await,
        None => Vec::new(),
    };
    if !differing.is_empty() {
        task.failed();
        return Ok((None, differing));
    }
    task.finished(Some(identifier.clone()));
    if imported.is_some() {
        begin(Operation::Import).finished(Some(identifier.clone()));
    }
    Ok((imported, differing))
}

/// The arguments in which an object is not what an earlier run was about to create under its name. What was not announced,
/// or cannot be planned, does not tell it apart.
async fn differing(
    session: &Arc<dyn Session>,
    object: &ObjectKey,
    candidate: &Candidate,
    found: &Value,
    conduct: &Conduct,
) -> Vec<String> {
    let Some(arguments) = &candidate.arguments else { return Vec::new() };
    let type_name = &object.address.resource.type_name;
    let request = PlanRequest { prior: Some(found.clone()), former: Former::Nothing, config: arguments.clone() };
    let task = conduct.quiet(object.clone(), Operation::Refresh);
    let Ok(planned) = session.plan(type_name, request, &task).await.and_then(sound) else {
        return Vec::new();
    };
    let created_with = session.created_with(type_name).iter();
    // Of an object that is found, what a provider adds to all tags is not among its own.
    let live = |name: &str| found.get(if name == "tags" { "tags_all" } else { name });
    let others = created_with.filter(|name| !has(live(name), planned.planned.get(name)));
    // It was looked for in the region that was announced, which need not be that of now.
    let replacing = planned.replace.iter().filter(|path| **path != Path::attribute("region"));
    let differing: BTreeSet<String> =
        replacing.map(ToString::to_string).chain(others.map(ToString::to_string)).collect();
    differing.into_iter().collect()
}

/// Whether a value is as wanted, if anything is; of a map, whether it has what is wanted, whatever others have added.
fn has(found: Option<&Value>, wanted: Option<&Value>) -> bool {
    let Some(wanted) = wanted.filter(|wanted| !wanted.is_null()) else { return true };
    match (found.map(Value::kind), wanted.kind()) {
        (Some(ValueKind::Map(_, found)), ValueKind::Map(_, wanted)) => {
            wanted.iter().all(|(key, value)| found.get(key) == Some(value))
        }
        _ => found == Some(wanted),
    }
}

/// Finds the object that an `import` block names, and reads it.
async fn import(question: &Question, conduct: &Conduct) -> Result<Value, Diagnostics> {
    let type_name = Arc::clone(&question.object.address.resource.type_name);
    let address = question.object.address.to_string();
    let identifier = question.import.clone().unwrap_or_default();
    let missing = || {
        let detail = format!(
            "There is no {type_name} with the identifier \"{identifier}\" that could become {address}. Check the \
             identifier, the account and the region; or remove the import block to create a new object."
        );
        Diagnostics::from(Diagnostic::error("Cannot import non-existent remote object", detail).about(&address))
    };
    let failed = |error: smform_provider::ProviderError| {
        Diagnostics::from(error.into_diagnostic()).map(|diagnostic| diagnostic.about(&address))
    };
    let quiet = conduct.quiet(question.object.clone(), Operation::Import);
    let imported = question.session.import(&type_name, &identifier, &quiet).await.map_err(failed)?;
    let found = imported.ok_or_else(missing)?.value;
    let task = conduct.begin(question.object.clone(), Operation::Refresh, id_of(&found));
    match question.session.read(&type_name, &found, &task).await {
        Ok(Some(read)) => {
            task.finished(id_of(&read));
            Ok(read)
        }
        Ok(None) => {
            task.failed();
            Err(missing())
        }
        Err(error) => {
            task.failed();
            Err(failed(error))
        }
    }
}

/// The configuration with the recorded values where changes are to be ignored.
#[must_use]
pub fn keep_ignored(ignore: &IgnoreChanges, block: &Block, config: Value, prior: &Value) -> Value {
    match ignore {
        IgnoreChanges::None => config,
        IgnoreChanges::All => {
            let settable = block.names().filter(|name| block.attributes.get(name).is_none_or(|a| a.is_settable()));
            settable.fold(config, |config, name| take_over(config, prior, &Path::attribute(name).0))
        }
        IgnoreChanges::Paths(paths) => {
            // Each path is held against the configuration as it was written.
            let written = config.clone();
            paths.iter().fold(config, |config, (path, _)| keep_path(config, &written, prior, &path.0))
        }
    }
}

/// `config` with its part at `steps` as in `prior`. As Terraform has it, a path leads to a part only by steps of the right
/// kind: names for the attributes of objects, keys for the elements of maps. But where the last step is a key of what is
/// no map, the whole that has the key is kept.
fn keep_path(config: Value, written: &Value, prior: &Value, steps: &[Step]) -> Value {
    let whole = match steps.split_last() {
        Some((Step::Key(_), before)) => before,
        _ => steps,
    };
    let (Some(part), Some(recorded)) = (strictly(written, whole), strictly(prior, whole)) else { return config };
    let is_map = matches!(part.kind(), ValueKind::Map(..));
    take_over(config, prior, if is_map && recorded.as_entries().is_some() { steps } else { whole })
}

/// The part of a value to which steps of the right kind lead.
fn strictly<'v>(value: &'v Value, steps: &[Step]) -> Option<&'v Value> {
    steps.iter().try_fold(value, |value, step| match (value.kind(), step) {
        (ValueKind::Object(_), Step::Attribute(name)) => value.get(name),
        (ValueKind::Map(..), Step::Key(key)) => value.get(key),
        (ValueKind::List(..) | ValueKind::Tuple(_), Step::Index(at)) => value.get_index(*at),
        _ => None,
    })
}

/// `config` with its part at `steps` as in `prior`, which may mean that a map loses or gains an element.
fn take_over(config: Value, prior: &Value, steps: &[Step]) -> Value {
    let Some((last, before)) = steps.split_last() else { return prior.clone() };
    let container = Path(before.to_vec());
    let recorded = container.lookup(prior).and_then(|parent| Path(vec![last.clone()]).lookup(parent).cloned());
    config.update_at(before, &mut |parent| {
        let marks = parent.marks();
        match (parent.kind(), last) {
            (ValueKind::Map(element, entries), Step::Key(key) | Step::Attribute(key)) => {
                let mut entries = entries.as_ref().clone();
                match &recorded {
                    Some(value) => drop(entries.insert(key.as_str().into(), value.clone())),
                    None => drop(entries.remove(key.as_str())),
                }
                Value::map(element.clone(), entries).with_marks(marks)
            }
            _ => match &recorded {
                Some(value) => parent.update_at(std::slice::from_ref(last), &mut |_| value.clone()),
                None => parent,
            },
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use smform_types::Type;

    fn object(image: &str, tags: &[(&str, &str)]) -> Value {
        let tags = tags.iter().map(|(key, value)| (*key, Value::string(*value)));
        Value::object([("image", Value::string(image)), ("tags", Value::map(Type::String, tags))])
    }

    #[test]
    fn ignored_parts_keep_their_recorded_values() {
        let config = object("new", &[("a", "1"), ("b", "2")]);
        let prior = object("old", &[("a", "9"), ("c", "3")]);
        let keep = |steps: &[Step]| keep_path(config.clone(), &config, &prior, steps);
        let attribute = |name: &str| Step::Attribute(name.to_owned());
        assert_eq!(keep(&[attribute("image")]).get("image"), Some(&Value::string("old")));
        let tags = keep(&[attribute("tags"), Step::Key("b".to_owned())]);
        assert_eq!(tags, object("new", &[("a", "1")]));
        let tags = keep(&[attribute("tags"), Step::Key("c".to_owned())]);
        assert_eq!(tags, object("new", &[("a", "1"), ("b", "2"), ("c", "3")]));
    }

    #[test]
    fn what_others_have_added_does_not_make_an_object_another() {
        let map = |tags: &[(&str, &str)]| {
            Value::map(Type::String, tags.iter().map(|(key, value)| (*key, Value::string(*value))))
        };
        let (null, none) = (Value::null(Type::map(Type::String)), map(&[]));
        let live = map(&[("own", "1"), ("added", "2")]);
        for wanted in [&null, &none, &map(&[("own", "1")])] {
            assert!(has(Some(&live), Some(wanted)) && has(Some(&live), None), "{wanted:?}");
        }
        assert!(has(Some(&none), Some(&null)) && has(None, Some(&null)));
        assert!(!has(Some(&live), Some(&map(&[("own", "2")]))) && !has(None, Some(&live)));
        assert!(!has(Some(&Value::string("a")), Some(&Value::string("b"))));
    }

    #[test]
    fn a_key_of_an_object_keeps_the_whole_object_and_leads_nowhere_further_in() {
        let wrap = |image: &str| Value::object([("in", object(image, &[("a", image)]))]);
        let (config, prior) = (wrap("new"), wrap("old"));
        let (attribute, key) = (|name: &str| Step::Attribute(name.to_owned()), |name: &str| Step::Key(name.to_owned()));
        let keep = |steps: &[Step]| keep_path(config.clone(), &config, &prior, steps);
        assert_eq!(keep(&[attribute("in"), key("image")]), prior);
        assert_eq!(keep(&[key("in"), key("image")]), config);
        assert_eq!(keep(&[attribute("in"), attribute("tags"), attribute("a")]), config);
    }
}
