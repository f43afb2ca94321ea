//! One step that touches an object: journal, call, record.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use smform_lang::config::IgnoreChanges;
use smform_provider::{
    Clock, CreateOutcome, Former, PlanRequest, PlanResponse, PlannedObject, ProviderError, Run, Session, UpdateOutcome,
};
use smform_types::schema::Block;
use smform_types::{Diagnostic, Diagnostics, Marks, Path, Value};
use tokio::sync::Mutex;

use super::conform::{differences, without_unknown};
use super::provision::{self, Prepared};
use super::record::{Entry, Record};
use crate::conceal::{concealed, secrets};
use crate::events::{Operation, id_of};
use crate::plan::instance::keep_ignored;
use crate::plan::stored::Candidate;
use crate::plan::{Action, Change, ObjectKey, Replacement};
use crate::run::{Conduct, Task};

/// What all operations on an object need.
pub struct Work {
    /// The object.
    pub object: ObjectKey,
    /// The provider.
    pub session: Arc<dyn Session>,
    /// How it is recorded.
    pub entry: Entry,
    /// Where.
    pub record: Arc<Mutex<dyn Record>>,
    /// Time, cancellation, events.
    pub conduct: Conduct,
    /// Commands that run before it is deleted.
    pub commands: Vec<Prepared>,
}

/// What a type is shown when it judges an object once more, right before it is made.
pub struct Review {
    /// The changes to objects of the types that it has named.
    pub beside: Vec<PlannedObject>,
    /// What the plan has warned of.
    pub told: Diagnostics,
}

/// A change to be made.
pub struct Job {
    /// How it is judged once more; nothing when it is not.
    pub review: Option<Review>,
    /// As planned.
    pub change: Change,
    /// What a new object takes the place of, without marks.
    pub former: Former,
    /// The provider.
    pub session: Arc<dyn Session>,
    /// The configuration with final values, without marks.
    pub config: Value,
    /// The marks of configuration and schema.
    pub marks: Vec<(Path, Marks)>,
    /// What must not lead to changes.
    pub ignore: IgnoreChanges,
    /// The schema of the type.
    pub block: Block,
    /// How the object is recorded.
    pub entry: Entry,
    /// Where.
    pub record: Arc<Mutex<dyn Record>>,
    /// Time, cancellation, events.
    pub conduct: Conduct,
    /// What an earlier run has left to do to the object.
    pub owed: Option<String>,
    /// As what an earlier run was about to create the object, where that was looked for in vain.
    pub sought: Option<Candidate>,
    /// Whether provisioners run once it is created.
    pub provisioned: bool,
    /// What is to be told besides how it ends.
    pub notes: Diagnostics,
}

/// What came of a change.
pub struct Made {
    /// The object.
    pub object: ObjectKey,
    /// What was done.
    pub action: Action,
    /// What it is now, marked; nothing when there is none.
    pub value: Option<Value>,
    /// The key under which the old object was set aside.
    pub deposed: Option<String>,
    /// Messages; with an error the step has failed.
    pub diagnostics: Diagnostics,
    /// Whether it has failed only in that the wait ended: the service goes on with it.
    pub under_way: bool,
    /// The rest of a creation whose provisioners have not run yet.
    pub unfinished: Option<Box<Unfinished>>,
    /// What an earlier run was about to create and was looked for in vain, now that another object was created instead.
    pub superseded: Option<Superseded>,
}

/// What an earlier run was about to create, where another object was created instead.
pub struct Superseded {
    /// As what.
    pub candidate: Candidate,
    /// Whether the other object was created under another identifier, so that the two cannot be mixed up.
    pub is_told_apart: bool,
}

/// An object that was created and is recorded as tainted until its provisioners have run.
pub struct Unfinished {
    run: Journaled,
    entry: Entry,
}

impl Unfinished {
    /// Runs the commands. The object stays as it is recorded when one fails.
    pub async fn provision(self: Box<Self>, made: Made, commands: Result<Vec<Prepared>, Diagnostics>) -> Made {
        let Unfinished { run, entry } = *self;
        let outcome = match commands {
            Ok(commands) => provision::run(commands, &made.object, run.task.conduct()).await,
            Err(errors) => Err(errors),
        };
        let mut made = made;
        match outcome {
            Ok(()) => {
                let id = id_of(&entry.value);
                let recorded = run.record.lock().await.put(&made.object, entry).await;
                made.diagnostics.extend(recorded.err());
                run.task.finished(id);
            }
            Err(errors) => {
                run.task.failed();
                made.diagnostics.extend(errors);
            }
        }
        made
    }
}

/// An operation as the provider sees it: what it reports goes to the record.
struct Journaled {
    task: Task,
    object: ObjectKey,
    operation: Operation,
    entry: Entry,
    /// The configuration of what is created, without marks.
    arguments: Option<Value>,
    marks: Vec<(Path, Marks)>,
    record: Arc<Mutex<dyn Record>>,
    /// What the plan has found it to be moving to.
    moving: Option<String>,
    /// What is left to do to the object.
    owes: std::sync::Mutex<Option<String>>,
    /// Whether the journal says that something is, or was, left to do.
    has_owed: AtomicBool,
    /// The identifier by which the journal says that the object can be found.
    intended: std::sync::Mutex<Option<String>>,
}

#[async_trait]
impl Run for Journaled {
    fn clock(&self) -> &dyn Clock {
        self.task.clock()
    }

    fn address(&self) -> String {
        self.object.address.to_string()
    }

    fn is_cancelled(&self) -> bool {
        self.task.is_cancelled()
    }

    fn progress(&self, status: &str) {
        self.task.report(status);
    }

    async fn intend(&self, identifier: &str) -> Result<(), ProviderError> {
        let mut record = self.record.lock().await;
        let arguments = self.arguments.as_ref();
        let written = record.intent(&self.object, self.operation, Some(identifier), &self.entry, arguments).await;
        *self.intended() = written.is_ok().then(|| identifier.to_owned());
        written.map_err(|error| ProviderError::new(error.summary, error.detail))
    }

    async fn owe(&self, what: Option<&str>) -> Result<(), ProviderError> {
        *self.owes() = what.map(str::to_owned);
        let Some(what) = what else { return Ok(()) };
        self.has_owed.store(true, Ordering::Relaxed);
        let written = self.record.lock().await.owe(&self.object, what, &self.entry).await;
        written.map_err(|error| ProviderError::new(error.summary, error.detail))
    }

    fn owed(&self) -> Option<String> {
        self.owes().clone()
    }

    fn moving(&self) -> Option<String> {
        self.moving.clone()
    }

    async fn created(&self, object: &Value) -> Result<(), ProviderError> {
        let (value, _) = without_unknown(object.clone());
        let entry = Entry { value: value.mark_paths(&self.marks), tainted: true, ..self.entry.clone() };
        let written = self.record.lock().await.put(&self.object, entry).await;
        written.map_err(|error| ProviderError::new(error.summary, error.detail))
    }
}

impl Journaled {
    fn intended(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.intended.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn owes(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.owes.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Forgets what was left to do. Until then it is kept, whatever came of the operation.
    async fn settled(&self) -> Option<Diagnostic> {
        if !self.has_owed.load(Ordering::Relaxed) {
            return None;
        }
        self.record.lock().await.unchanged(&self.object).await.err()
    }

    /// The same, where the type has given it up.
    async fn settled_unless_owed(&self) -> Option<Diagnostic> {
        let owes = self.owes().is_some();
        if owes { None } else { self.settled().await }
    }
}

impl Job {
    /// Makes the change. What is said of it has no sensitive values in it.
    pub async fn make(self) -> Made {
        let secrets = secrets(&self.config, &self.marks);
        let made = self.carried_out().await;
        Made { diagnostics: concealed(made.diagnostics, &secrets), ..made }
    }

    async fn carried_out(self) -> Made {
        match self.change.action {
            Action::Create => self.create(None).await,
            Action::Replace(Replacement::DeleteFirst) => self.create(None).await,
            Action::Replace(Replacement::CreateFirst) => {
                let deposed = self.record.lock().await.depose(&self.change.object.address).await;
                match deposed {
                    Ok(key) => self.create(key).await,
                    Err(error) => self.ended(None, None, error.into()),
                }
            }
            Action::Update => self.update().await,
            Action::Read => self.read().await,
            Action::NoOp | Action::Delete | Action::Forget => self.ended(None, None, Diagnostics::new()),
        }
    }

    fn ended(self, value: Option<Value>, deposed: Option<String>, diagnostics: Diagnostics) -> Made {
        let address = self.change.object.address.clone();
        let mut told = self.notes;
        told.extend(diagnostics);
        let diagnostics = told.map(|diagnostic| diagnostic.about(&address));
        let (object, action) = (self.change.object, self.change.action);
        Made { object, action, value, deposed, diagnostics, under_way: false, unfinished: None, superseded: None }
    }

    fn begin(&self, operation: Operation, id: Option<String>) -> Journaled {
        self.journaled(self.conduct.begin(self.change.object.clone(), operation, id), operation)
    }

    fn journaled(&self, task: Task, operation: Operation) -> Journaled {
        Journaled {
            task,
            object: self.change.object.clone(),
            operation,
            entry: self.entry.clone(),
            arguments: (operation == Operation::Create).then(|| self.config.clone()),
            marks: self.marks.clone(),
            record: Arc::clone(&self.record),
            moving: self.change.moving.clone(),
            owes: std::sync::Mutex::new(self.owed.clone()),
            has_owed: AtomicBool::new(self.owed.is_some()),
            intended: std::sync::Mutex::default(),
        }
    }

    /// The provider's final plan, now that everything is known; it must keep what was planned.
    async fn final_plan(
        &self,
        prior: Option<Value>,
        former: Former,
        run: &Journaled,
    ) -> Result<PlanResponse, Diagnostics> {
        let type_name = &self.change.object.address.resource.type_name;
        let config = match &prior {
            Some(prior) => keep_ignored(&self.ignore, &self.block, self.config.clone(), prior),
            None => self.config.clone(),
        };
        let updates = prior.is_some();
        let response = self.session.plan(type_name, PlanRequest { prior, former, config }, run).await?;
        let mut wrong: Vec<String> = Vec::new();
        if let Some(planned) = &self.change.after {
            wrong.extend(differences(planned, &response.planned).iter().map(ToString::to_string));
        }
        if updates {
            wrong.extend(response.replace.iter().map(ToString::to_string));
        }
        if wrong.is_empty() {
            return Ok(response);
        }
        wrong.sort();
        wrong.dedup();
        Err(Diagnostic::error(
            "The change is no longer the one that was planned",
            format!(
                "With everything known, {} would be different from what the plan showed. Nothing was changed here. Plan \
                 again to see the change as it is now.",
                wrong.join(", ")
            ),
        )
        .into())
    }

    /// Has the object judged once more beside what the run does to others. Returns what the plan has not told.
    ///
    /// # Errors
    /// Why it must not be made so.
    async fn judged(
        &self,
        before: Option<&Value>,
        planned: &Value,
        run: &Journaled,
    ) -> Result<Diagnostics, Diagnostics> {
        let Some(review) = &self.review else { return Ok(Diagnostics::new()) };
        let object = PlannedObject {
            type_name: Arc::clone(&self.change.object.address.resource.type_name),
            before: before.cloned(),
            after: Some(planned.clone()),
        };
        let ((), notes) = self.session.review(&object, &review.beside, run).await.into_result(())?;
        let is_told = |note: &Diagnostic| {
            review.told.iter().any(|told| told.summary == note.summary && told.detail == note.detail)
        };
        Ok(notes.into_iter().filter(|note| !is_told(note)).collect())
    }

    async fn create(mut self, deposed: Option<String>) -> Made {
        let run = self.begin(Operation::Create, None);
        let planned = match self.final_plan(None, self.former.clone(), &run).await {
            Ok(response) => response.planned,
            Err(errors) => return self.not_created(&run, deposed, errors).await,
        };
        match self.judged(None, &planned, &run).await {
            Ok(notes) => self.notes = notes,
            Err(errors) => return self.not_created(&run, deposed, errors).await,
        }
        // What an earlier run has announced stays on record until something else is: its call may take effect late.
        if self.sought.is_none() {
            let intent = {
                let mut record = self.record.lock().await;
                record.intent(&self.change.object, Operation::Create, None, &self.entry, None).await
            };
            if let Err(error) = intent {
                return self.not_created(&run, deposed, error.into()).await;
            }
        }
        let type_name = Arc::clone(&self.change.object.address.resource.type_name);
        match self.session.create(&type_name, &planned, &run).await {
            CreateOutcome::Complete(value) => self.created(run, &planned, value, deposed, None).await,
            CreateOutcome::Partial(value, error) => self.created(run, &planned, value, deposed, Some(error)).await,
            // The journal still says what was about to be created, and the next run looks for it. What was set aside for it
            // stays there.
            CreateOutcome::Failed(error) if error.open && run.intended().is_some() => {
                let under_way = error.under_way;
                run.task.not_done(under_way);
                let mut unknown = error.into_diagnostic();
                unknown.detail.push_str("\n\nWhether it was created is not known. The next run looks for it.");
                Made { under_way, ..self.ended(None, deposed, unknown.into()) }
            }
            CreateOutcome::Failed(error) if self.is_still_sought(&run) => {
                let mut refused = error.into_diagnostic();
                refused.detail.push_str(
                    "\n\nAn earlier run was about to create it and was cut off. It may have been created after all: the next \
                     run looks for it once more.",
                );
                self.not_created(&run, deposed, refused.into()).await
            }
            CreateOutcome::Failed(error) => {
                let ended = self.record.lock().await.unchanged(&self.change.object).await;
                let under_way = error.under_way;
                let mut errors = Diagnostics::from(error.into_diagnostic());
                errors.extend(ended.err());
                Made { under_way, ..self.not_created(&run, deposed, errors).await }
            }
        }
    }

    /// Whether the journal still says that what an earlier run was about to create may be there.
    fn is_still_sought(&self, run: &Journaled) -> bool {
        let is_other =
            |sought: &Candidate| run.intended().as_ref().is_some_and(|intended| *intended != sought.identifier);
        self.sought.as_ref().is_some_and(|sought| !is_other(sought))
    }

    /// Nothing was created, so an object that was set aside is the current one again.
    async fn not_created(self, run: &Journaled, deposed: Option<String>, mut errors: Diagnostics) -> Made {
        run.task.failed();
        if let Some(key) = deposed {
            let restored = self.record.lock().await.restore(&self.change.object.address, &key).await;
            errors.extend(restored.err());
        }
        self.ended(None, None, errors)
    }

    async fn created(
        self,
        run: Journaled,
        planned: &Value,
        value: Value,
        deposed: Option<String>,
        error: Option<ProviderError>,
    ) -> Made {
        let (value, mut found) = self.settle(planned, value, error.is_none());
        let superseded = self.sought.clone().map(|candidate| {
            let is_told_apart = run.intended().as_ref() != Some(&candidate.identifier);
            Superseded { candidate, is_told_apart }
        });
        let provisioned = self.provisioned && error.is_none() && !found.has_errors();
        let tainted = error.is_some() || provisioned;
        let entry = Entry { value: value.clone(), tainted, ..self.entry.clone() };
        {
            let mut record = self.record.lock().await;
            found.extend(record.put(&self.change.object, entry.clone()).await.err());
            // A creation that has failed is over. One whose wait ended early is not: the next run takes the wait up again.
            let is_over = |error: &ProviderError| !run.is_cancelled() && !error.under_way;
            if provisioned || error.as_ref().is_some_and(is_over) {
                found.extend(record.unchanged(&self.change.object).await.err());
            }
        }
        if provisioned {
            let unfinished = Unfinished { run, entry: Entry { tainted: false, ..entry } };
            let made = self.ended(Some(value), deposed, found);
            return Made { unfinished: Some(Box::new(unfinished)), superseded, ..made };
        }
        let under_way = error.as_ref().is_some_and(|error| error.under_way);
        match error {
            Some(error) => {
                run.task.not_done(under_way);
                found.push(error.into_diagnostic());
            }
            None => run.task.finished(id_of(&value)),
        }
        Made { under_way, superseded, ..self.ended(Some(value), deposed, found) }
    }

    async fn update(mut self) -> Made {
        let Some(before) = self.change.before.clone() else { return self.ended(None, None, Diagnostics::new()) };
        let prior = before.clone().unmark_deep().0;
        let id = id_of(&before);
        let quiet =
            self.journaled(self.conduct.quiet(self.change.object.clone(), Operation::Update), Operation::Update);
        let PlanResponse { planned, unsettled, .. } =
            match self.final_plan(Some(prior.clone()), Former::Nothing, &quiet).await {
                Ok(response) => response,
                Err(errors) => return self.ended(None, None, errors),
            };
        if planned == prior && !unsettled {
            // What was unknown turned out as it was, or only marks differ: there is nothing to ask of the service.
            let value = prior.mark_paths(&self.marks);
            if value == before {
                self.change.action = Action::NoOp;
                // As in Terraform, what is not touched keeps what it was recorded to depend on.
                self.entry.dependencies.clone_from(&self.change.old_dependencies);
            } else {
                let run = self.begin(Operation::Update, id.clone());
                run.task.finished(id);
            }
            let entry = Entry { value: value.clone(), ..self.entry.clone() };
            let recorded = self.record.lock().await.put(&self.change.object, entry).await;
            return self.ended(Some(value), None, recorded.err().into_iter().collect());
        }
        match self.judged(Some(&prior), &planned, &quiet).await {
            Ok(notes) => self.notes = notes,
            Err(errors) => return self.ended(None, None, errors),
        }
        let run = self.begin(Operation::Update, id.clone());
        let intent = {
            let mut record = self.record.lock().await;
            record.intent(&self.change.object, Operation::Update, id.as_deref(), &self.entry, None).await
        };
        if let Err(error) = intent {
            run.task.failed();
            return self.ended(None, None, error.into());
        }
        let type_name = Arc::clone(&self.change.object.address.resource.type_name);
        match self.session.update(&type_name, &prior, &planned, &run).await {
            UpdateOutcome::Complete(value) => {
                let (value, mut found) = self.settle(&planned, value, true);
                let entry = Entry { value: value.clone(), ..self.entry.clone() };
                found.extend(self.record.lock().await.put(&self.change.object, entry).await.err());
                found.extend(run.settled().await);
                run.task.finished(id_of(&value));
                self.ended(Some(value), None, found)
            }
            UpdateOutcome::Partial(value, error) => {
                // What it is now is recorded as it is; the next plan shows what is left to do.
                let (value, mut found) = self.settle(&planned, value, false);
                let dependencies = &self.change.dependencies | &self.change.old_dependencies;
                let entry = Entry { value: value.clone(), dependencies, ..self.entry.clone() };
                found.extend(self.record.lock().await.put(&self.change.object, entry).await.err());
                found.extend(run.settled_unless_owed().await);
                let under_way = error.under_way;
                run.task.not_done(under_way);
                found.push(error.into_diagnostic());
                Made { under_way, ..self.ended(Some(value), None, found) }
            }
            UpdateOutcome::Failed(error) => {
                let under_way = error.under_way;
                run.task.not_done(under_way);
                let mut found = Diagnostics::from(error.into_diagnostic());
                if run.owed().is_none() {
                    found.extend(self.record.lock().await.unchanged(&self.change.object).await.err());
                }
                Made { under_way, ..self.ended(None, None, found) }
            }
        }
    }

    async fn read(self) -> Made {
        let run = self.begin(Operation::Read, None);
        let type_name = Arc::clone(&self.change.object.address.resource.type_name);
        match self.session.read_data(&type_name, &self.config, &run).await {
            Ok(value) => {
                let value = value.mark_paths(&self.marks);
                let entry = Entry { value: value.clone(), ..self.entry.clone() };
                let recorded = self.record.lock().await.put(&self.change.object, entry).await;
                run.task.finished(id_of(&value));
                self.ended(Some(value), None, recorded.err().into_iter().collect())
            }
            Err(error) => {
                run.task.failed();
                self.ended(None, None, error.into_diagnostic().into())
            }
        }
    }

    /// The resulting object with its marks and nothing unknown, and what is wrong with it. Only a result that claims to
    /// be complete is held against the plan.
    fn settle(&self, planned: &Value, value: Value, complete: bool) -> (Value, Diagnostics) {
        let wrong = if complete { differences(planned, &value) } else { Vec::new() };
        let (value, unknown) = without_unknown(value);
        let mut found = Diagnostics::new();
        let places = |paths: &[Path]| paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        if complete && !unknown.is_empty() {
            found.push(Diagnostic::error(
                "Provider left values unknown",
                format!("After apply these are still unknown: {}. This is a defect of smform.", places(&unknown)),
            ));
        }
        if !wrong.is_empty() {
            found.push(Diagnostic::error(
                "Provider produced an inconsistent result",
                format!(
                    "The object is recorded, but these are not as planned: {}. The service changed them, or this is a \
                     defect of smform.",
                    places(&wrong)
                ),
            ));
        }
        (value.mark_paths(&self.marks), found)
    }
}

/// Why an object could not be deleted.
pub struct NotDeleted {
    /// Messages.
    pub diagnostics: Diagnostics,
    /// Whether only the wait ended: the service goes on deleting it.
    pub under_way: bool,
}

impl From<Diagnostics> for NotDeleted {
    fn from(diagnostics: Diagnostics) -> NotDeleted {
        NotDeleted { diagnostics, under_way: false }
    }
}

impl Work {
    /// Deletes the object.
    ///
    /// # Errors
    /// When it still exists, or the record cannot be written.
    pub async fn delete(self, before: Value) -> Result<(), NotDeleted> {
        let id = id_of(&before);
        let address = self.object.address.clone();
        let intent = {
            let mut record = self.record.lock().await;
            record.intent(&self.object, Operation::Delete, id.as_deref(), &self.entry, None).await
        };
        intent.map_err(|error| Diagnostics::from(error.about(&address)))?;
        let run = Journaled {
            task: self.conduct.begin(self.object.clone(), Operation::Delete, id),
            object: self.object.clone(),
            operation: Operation::Delete,
            entry: self.entry,
            arguments: None,
            marks: Vec::new(),
            record: Arc::clone(&self.record),
            moving: None,
            owes: std::sync::Mutex::default(),
            has_owed: AtomicBool::new(false),
            intended: std::sync::Mutex::default(),
        };
        let mut found = Diagnostics::new();
        if let Err(errors) = provision::run(self.commands, &self.object, &self.conduct).await {
            run.task.failed();
            found.extend(errors);
            found.extend(self.record.lock().await.unchanged(&self.object).await.err());
            return Err(found.into());
        }
        let mut under_way = false;
        match self.session.delete(&address.resource.type_name, &before, &run).await {
            Ok(()) => {
                found.extend(self.record.lock().await.remove(&self.object).await.err());
                run.task.finished(None);
            }
            Err(error) => {
                under_way = error.under_way;
                run.task.not_done(under_way);
                found.extend(self.record.lock().await.unchanged(&self.object).await.err());
                found.push(error.into_diagnostic().about(&address));
            }
        }
        if found.has_errors() { Err(NotDeleted { diagnostics: found, under_way }) } else { Ok(()) }
    }
}
