//! A record of outcomes in memory, which can be planned from again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use smform_engine::apply::record::{Blocks, Entry, Record};
use smform_engine::checks::Checks;
use smform_engine::events::Operation;
use smform_engine::plan::stored::{Candidate, Stored, StoredObject};
use smform_engine::plan::{ObjectKey, Ties};
use smform_types::{Diagnostic, InstanceAddress, ResourceMode, Value};

/// The record.
#[derive(Default)]
pub struct MemoryRecord {
    objects: BTreeMap<ObjectKey, Entry>,
    outputs: BTreeMap<Arc<str>, Value>,
    /// What was about to be done and has no outcome yet.
    pub intents: Vec<(ObjectKey, Operation, Option<String>, Option<Value>)>,
    /// What is left to do to objects.
    pub owed: BTreeMap<ObjectKey, String>,
    /// How conditions came out.
    pub checks: Checks,
    deposed: usize,
}

impl MemoryRecord {
    /// What is recorded, as the planner takes it.
    #[must_use]
    pub fn stored(&self) -> Stored {
        let managed = self.objects.iter().filter(|(key, _)| key.address.resource.mode == ResourceMode::Managed);
        let objects = managed.map(|(key, entry)| {
            let object = StoredObject {
                provider: None,
                value: entry.value.clone(),
                tainted: entry.tainted,
                begun: false,
                dependencies: entry.dependencies.clone(),
                create_before_destroy: entry.create_before_destroy,
                previous: None,
            };
            (key.clone(), object)
        });
        let created = self.intents.iter().filter(|(_, operation, ..)| *operation == Operation::Create);
        let candidates = created.filter_map(|(object, _, identifier, arguments)| {
            Some((
                object.clone(),
                Candidate { identifier: identifier.clone()?, arguments: arguments.clone(), recorded: Vec::new() },
            ))
        });
        Stored {
            objects: objects.collect(),
            candidates: candidates.collect(),
            outputs: self.outputs.clone(),
            owed: self.owed.clone(),
            ..Stored::default()
        }
    }

    /// The addresses of what is recorded, with `(deposed ...)` and `(tainted)` where that applies.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        let name = |(key, entry): (&ObjectKey, &Entry)| {
            let deposed = if key.deposed.is_some() { " (deposed)" } else { "" };
            format!("{}{deposed}{}", key.address, if entry.tainted { " (tainted)" } else { "" })
        };
        self.objects.iter().map(name).collect()
    }

    /// Records that a run began to create an object under a name, and nothing more.
    pub fn intend(&mut self, address: &str, name: &str, arguments: Option<Value>) {
        if let Ok(address) = address.parse() {
            let object = ObjectKey { address, deposed: None };
            self.intents.push((object, Operation::Create, Some(name.to_owned()), arguments));
        }
    }

    /// Records an object as tainted.
    pub fn taint(&mut self, address: &str) {
        let entry =
            self.objects.iter_mut().find(|(key, _)| key.deposed.is_none() && key.address.to_string() == address);
        if let Some((_, entry)) = entry {
            entry.tainted = true;
        }
    }

    /// The recorded value of an object.
    #[must_use]
    pub fn value(&self, address: &str) -> Option<&Value> {
        let address: InstanceAddress = address.parse().ok()?;
        self.objects.get(&ObjectKey { address, deposed: None }).map(|entry| &entry.value)
    }
}

#[async_trait]
impl Record for MemoryRecord {
    async fn intent(
        &mut self,
        object: &ObjectKey,
        operation: Operation,
        identifier: Option<&str>,
        _: &Entry,
        arguments: Option<&Value>,
    ) -> Result<(), Diagnostic> {
        self.intents.push((object.clone(), operation, identifier.map(str::to_owned), arguments.cloned()));
        Ok(())
    }

    async fn owe(&mut self, object: &ObjectKey, what: &str, _: &Entry) -> Result<(), Diagnostic> {
        self.owed.insert(object.clone(), what.to_owned());
        Ok(())
    }

    async fn unchanged(&mut self, object: &ObjectKey) -> Result<(), Diagnostic> {
        self.owed.remove(object);
        self.intents.retain(|(intended, ..)| intended != object);
        Ok(())
    }

    async fn put(&mut self, object: &ObjectKey, entry: Entry) -> Result<(), Diagnostic> {
        self.intents.retain(|(intended, ..)| intended != object);
        self.objects.insert(object.clone(), entry);
        Ok(())
    }

    async fn remove(&mut self, object: &ObjectKey) -> Result<(), Diagnostic> {
        self.intents.retain(|(intended, ..)| intended != object);
        self.objects.remove(object);
        Ok(())
    }

    async fn depose(&mut self, address: &InstanceAddress) -> Result<Option<String>, Diagnostic> {
        let current = ObjectKey { address: address.clone(), deposed: None };
        let Some(entry) = self.objects.remove(&current) else { return Ok(None) };
        self.deposed += 1;
        let key = format!("{:08x}", self.deposed);
        self.objects.insert(ObjectKey { address: address.clone(), deposed: Some(key.clone()) }, entry);
        Ok(Some(key))
    }

    async fn restore(&mut self, address: &InstanceAddress, key: &str) -> Result<(), Diagnostic> {
        let deposed = ObjectKey { address: address.clone(), deposed: Some(key.to_owned()) };
        if let Some(entry) = self.objects.remove(&deposed) {
            self.objects.insert(ObjectKey { address: address.clone(), deposed: None }, entry);
        }
        Ok(())
    }

    async fn reinstate(&mut self, address: &InstanceAddress, key: &str) -> Result<(), Diagnostic> {
        let current = ObjectKey { address: address.clone(), deposed: None };
        let aside = ObjectKey { address: address.clone(), deposed: Some(key.to_owned()) };
        let objects = [self.objects.remove(&current), self.objects.remove(&aside)];
        self.objects.extend([aside, current].into_iter().zip(objects).filter_map(|(key, entry)| Some((key, entry?))));
        Ok(())
    }

    async fn refresh(&mut self, object: &ObjectKey, value: Option<&Value>) -> Result<(), Diagnostic> {
        match (value, self.objects.get_mut(object)) {
            (Some(value), Some(entry)) => entry.value = value.clone(),
            (None, _) => drop(self.objects.remove(object)),
            (Some(_), None) => {}
        }
        Ok(())
    }

    async fn tie(&mut self, object: &ObjectKey, ties: &Ties) -> Result<(), Diagnostic> {
        if let Some(entry) = self.objects.get_mut(object) {
            entry.dependencies.clone_from(&ties.dependencies);
            entry.create_before_destroy = ties.create_before_destroy;
        }
        Ok(())
    }

    async fn blocks(&mut self, _: Blocks, _: bool) -> Result<(), Diagnostic> {
        Ok(())
    }

    async fn checks(&mut self, checks: &Checks) -> Result<(), Diagnostic> {
        self.checks = checks.clone();
        Ok(())
    }

    async fn relocate(&mut self, from: &InstanceAddress, to: &InstanceAddress) -> Result<(), Diagnostic> {
        let moving: Vec<ObjectKey> = self.objects.keys().filter(|key| key.address == *from).cloned().collect();
        for key in moving {
            if let Some(entry) = self.objects.remove(&key) {
                let target = ObjectKey { address: to.clone(), ..key.clone() };
                if let Some(what) = self.owed.remove(&key) {
                    self.owed.insert(target.clone(), what);
                }
                self.objects.insert(target, entry);
            }
        }
        Ok(())
    }

    async fn retain_data(&mut self, kept: &BTreeSet<InstanceAddress>) -> Result<(), Diagnostic> {
        self.objects.retain(|key, _| key.address.resource.mode == ResourceMode::Managed || kept.contains(&key.address));
        Ok(())
    }

    async fn outputs(&mut self, outputs: &BTreeMap<Arc<str>, (Value, bool)>) -> Result<(), Diagnostic> {
        self.outputs = outputs.iter().map(|(name, (value, _))| (name.clone(), value.clone())).collect();
        Ok(())
    }
}
