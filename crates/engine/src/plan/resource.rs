//! Planning a managed resource block: its instances, and the objects that no longer belong to any.

use std::collections::{BTreeMap, BTreeSet};

use smform_lang::config::Resource;
use smform_lang::eval::Evaluator;
use smform_types::schema::Schema;
use smform_types::{
    Diagnostic, Diagnostics, InstanceAddress, Marks, ModuleInstance, Path, ResourceConfigAddress, ResourceMode, Value,
};

use super::decide::{Situation, decide, prevented};
use super::held::goes_first;
use super::instance::{Answer, Question};
use super::stored::{self, StoredObject};
use super::walk::{Adopt, Walker};
use super::{Action, Change, Drift, Mode, ObjectKey, Reason, Ties, imports};
use crate::blocks::{Checked, block_context, locate, sensitive_paths};
use crate::checks::Subject;
use crate::conceal::{secrets, secrets_of};
use crate::graph::{Node, ProviderKey};
use crate::values::{Instances, Repetition};

/// An instance whose provider has been asked.
pub(super) struct Pending<'a> {
    pub(super) node: Node,
    pub(super) object: ObjectKey,
    pub(super) provider: ProviderKey,
    purpose: Purpose<'a>,
    recorded: Option<StoredObject>,
    requested: bool,
    triggered: bool,
    /// By which identifier the object was found, when it is imported.
    import: Option<String>,
}

impl Pending<'_> {
    /// The sensitive texts of the object, as it is recorded and as its configuration, without marks, wants it.
    pub(super) fn secrets(&self, config: Option<&Value>) -> BTreeSet<String> {
        let recorded = self.recorded.iter().flat_map(|recorded| secrets_of(&recorded.value));
        match (&self.purpose, config) {
            (Purpose::Keep(wanted), Some(config)) => recorded.chain(secrets(config, &wanted.marks)).collect(),
            _ => recorded.collect(),
        }
    }
}

/// What becomes of an object.
enum Purpose<'a> {
    /// It is to be as the configuration says.
    Keep(Box<Wanted<'a>>),
    /// It is to go, for a reason that is plain to some.
    Leave(Option<Reason>),
    /// It is only read, since the configuration has errors.
    Read,
}

/// What the configuration says of an instance.
struct Wanted<'a> {
    resource: &'a Resource,
    marks: Vec<(Path, Marks)>,
    repetition: Repetition,
}

impl<'a> Walker<'a> {
    pub(super) fn resource(&mut self, node: &Node, resource: &ResourceConfigAddress) {
        let config = self.walk.setting.config;
        let block = config.resource(resource);
        let key = match block {
            Some(block) => self.walk.providers.key(config, &resource.module, block).ok(),
            None => {
                let objects = self.recorded.get(resource).into_iter().flatten();
                let origin = objects.filter_map(|(_, stored)| stored.provider.as_deref()).next();
                self.walk.providers.key_for_stored(config, resource, origin).ok().flatten()
            }
        };
        let provider = key.as_ref().and_then(|key| self.walk.providers.of_key(config, key));
        let schema = provider.and_then(|p| p.resource_schema(resource.resource.mode, &resource.resource.type_name));
        let (Some(key), Some(schema)) = (key, schema.cloned()) else {
            return block.into_iter().for_each(|block| self.passed_over(resource, block));
        };
        if self.walk.options.mode == Mode::Destroy || !self.selection.has_node(node) {
            self.stored_values(resource);
            return self.leftovers(node, resource, &key, &schema, block);
        }
        if let Some(block) = block {
            let imports = !matches!(self.walk.options.adopt, Adopt::Objects(_)) && !self.walk.options.before_destroy;
            if imports && !self.find_imports(resource) {
                return;
            }
            self.found.values.come_to(&resource.module, &Subject::Resource(resource.resource.clone()));
            let mut expanded = true;
            for instance in self.found.values.module_instances(&resource.module) {
                expanded &= self.in_module(node, &instance, block, &key, &schema);
            }
            // As long as nobody knows the instances, nothing can be said of what does not belong to any.
            if !expanded {
                return;
            }
            self.check_imports(resource);
        }
        if resource.resource.mode == ResourceMode::Managed && self.walk.options.adopt == Adopt::Nothing {
            self.leftovers(node, resource, &key, &schema, block);
        }
    }

    /// Evaluates the `import` blocks about a resource; whether they are usable.
    fn find_imports(&mut self, resource: &ResourceConfigAddress) -> bool {
        let setting = self.walk.setting;
        let Some(root) = setting.config.root().filter(|root| !root.imports.is_empty()) else { return true };
        let imports = imports::of(&setting, root, resource, &self.found.values);
        match self.found.diagnostics.take(imports) {
            Some(imports) => {
                self.imports.extend(imports);
                true
            }
            None => false,
        }
    }

    /// Every import must be about an instance that there is. Those in one module instance are looked at before anything
    /// there is planned.
    fn are_imports_declared(&mut self, at: &ModuleInstance, block: &Resource) -> bool {
        let targets = self.imports.keys().filter(|address| address.module == *at && address.resource == block.address);
        let missing: Vec<InstanceAddress> = targets.filter(|address| !self.is_instance(address)).cloned().collect();
        missing.iter().for_each(|address| self.refuse_import(address));
        missing.is_empty()
    }

    fn is_instance(&self, address: &InstanceAddress) -> bool {
        let instances = self.found.values.instances(&address.module, &address.resource);
        instances.is_some_and(|instances| instances.contains(address.key.as_ref()))
    }

    /// The imports into module instances that there are not.
    fn check_imports(&mut self, resource: &ResourceConfigAddress) {
        let modules = self.found.values.module_instances(&resource.module);
        let targets = self.imports.keys().filter(|address| address.config() == *resource);
        let missing = targets.filter(|address| !modules.contains(&address.module)).cloned();
        missing.collect::<Vec<_>>().iter().for_each(|address| self.refuse_import(address));
    }

    /// Which of the instances is missing shows no block, so the message has no place.
    fn refuse_import(&mut self, address: &InstanceAddress) {
        let resource = address.config();
        let blocks = self.walk.setting.config.root().into_iter().flat_map(|root| &root.imports);
        let block = blocks.into_iter().find(|block| imports::target(block).as_ref() == Some(&resource));
        let message = block.map(|block| imports::undeclared(block, &address.to_string()));
        self.found.diagnostics.extend(message.map(|message| Diagnostic { span: None, context: None, ..message }));
    }

    /// Plans every instance of a block in one module instance; whether it is known which there are.
    fn in_module(
        &mut self,
        node: &Node,
        at: &ModuleInstance,
        block: &'a Resource,
        key: &ProviderKey,
        schema: &Schema,
    ) -> bool {
        let Some(instances) = self.instances(at, block) else { return false };
        self.leave_over(at, block);
        if !self.are_imports_declared(at, block) {
            return true;
        }
        for instance_key in instances.keys() {
            let repetition = instances.repetition(instance_key.as_ref());
            let address = InstanceAddress { module: at.clone(), resource: block.address.clone(), key: instance_key };
            match block.address.mode {
                ResourceMode::Managed => self.instance(node, address, block, key, schema, repetition),
                ResourceMode::Data => self.data(node, address, block, key, schema, repetition),
            }
        }
        true
    }

    /// What is recorded beyond the instances of a block is there for others to see as long as it is not to go.
    fn leave_over(&mut self, at: &ModuleInstance, block: &Resource) {
        let resource = ResourceConfigAddress { module: at.config(), resource: block.address.clone() };
        let recorded =
            self.recorded.get(&resource).into_iter().flatten().filter(|(object, _)| object.deposed.is_none());
        for (object, stored) in recorded.filter(|(object, _)| object.address.module == *at) {
            if self.walk.options.mode == Mode::RefreshOnly || !self.selection.has_instance(&object.address) {
                self.found.values.leave_over(&object.address, stored.value.clone());
            }
        }
    }

    fn instance(
        &mut self,
        node: &Node,
        address: InstanceAddress,
        block: &'a Resource,
        key: &ProviderKey,
        schema: &Schema,
        repetition: Repetition,
    ) {
        let object = ObjectKey { address, deposed: None };
        let recorded = self.walk.stored.objects.get(&object).cloned();
        if !self.selection.has_instance(&object.address) {
            match recorded {
                Some(recorded) => self.found.values.set_instance(&object.address, recorded.value),
                None if object.address.key.is_some() => self.found.values.leave_out(&object.address),
                None => {
                    let unknown = Self::placeholder(schema.block.ty());
                    self.found.values.set_instance(&object.address, unknown);
                }
            }
            return;
        }
        if self.walk.options.adopt != Adopt::Nothing {
            return self.adopt(node, object, block, key, schema, repetition);
        }
        let evaluated = if self.walk.options.mode == Mode::RefreshOnly {
            // Nothing is planned, so nobody asks what the block says.
            self.preconditions(&object.address, block, &repetition);
            Some((None, Vec::new(), false))
        } else {
            let body = self.evaluate_body(&object.address, block, &repetition);
            body.and_then(|(config, marks)| {
                Some((Some(config), marks, self.is_triggered(&object.address.module, block, &repetition)?))
            })
        };
        let Some((config, marks, triggered)) = evaluated else { return self.read_only(node, object, key, schema) };
        let requested = self.walk.options.replace.contains(&object.address);
        let Some(session) = self.session(key, &object.address) else { return };
        // What is in the state already is not imported again.
        let import = match (&recorded, self.walk.options.mode) {
            (None, Mode::Normal) if !self.walk.options.before_destroy => self.imports.get(&object.address).cloned(),
            _ => None,
        };
        let question = Question {
            recorded: recorded.as_ref().map(|recorded| recorded.value.clone().unmark_deep().0),
            candidate: self.walk.stored.candidates.get(&object).cloned(),
            import: import.clone(),
            owed: self.walk.stored.owed.get(&object).cloned(),
            config,
            ignore: block.lifecycle.ignore_changes.clone(),
            tainted: recorded.as_ref().is_some_and(|recorded| recorded.tainted),
            begun: self.walk.options.mode == Mode::Normal
                && !self.walk.options.before_destroy
                && !self.walk.options.record_only
                && recorded.as_ref().is_some_and(|recorded| recorded.begun),
            forced: triggered || requested || self.walk.options.along.contains(&object.address),
            lenient: self.walk.options.before_destroy || self.walk.options.record_only,
            ..Question::about(object.clone(), session, schema.block.clone(), self.walk.options.refresh)
        };
        let wanted = Wanted { resource: block, marks, repetition };
        let pending = Pending {
            node: node.clone(),
            object,
            provider: key.clone(),
            purpose: Purpose::Keep(Box::new(wanted)),
            recorded,
            requested,
            triggered,
            import,
        };
        self.spawn_instance(pending, question);
    }

    /// Finds an object that is to be brought into the state as it is; what is recorded of any other is taken as it is.
    fn adopt(
        &mut self,
        node: &Node,
        object: ObjectKey,
        block: &'a Resource,
        key: &ProviderKey,
        schema: &Schema,
        repetition: Repetition,
    ) {
        let identifiers = match &self.walk.options.adopt {
            Adopt::Objects(identifiers) => identifiers,
            Adopt::Nothing | Adopt::Blocks => &self.imports,
        };
        let Some(identifier) = identifiers.get(&object.address).cloned() else {
            let recorded = self.walk.stored.objects.get(&object).map(|recorded| recorded.value.clone());
            let value = recorded.unwrap_or_else(|| Self::placeholder(schema.block.ty()));
            return self.found.values.set_instance(&object.address, value);
        };
        let Some(session) = self.session(key, &object.address) else { return };
        let question = Question {
            import: Some(identifier.clone()),
            ..Question::about(object.clone(), session, schema.block.clone(), true)
        };
        let pending = Pending {
            node: node.clone(),
            object,
            provider: key.clone(),
            purpose: Purpose::Keep(Box::new(Wanted { resource: block, marks: Vec::new(), repetition })),
            recorded: None,
            requested: false,
            triggered: false,
            import: Some(identifier),
        };
        self.spawn_instance(pending, question);
    }

    /// What was found by an identifier is recorded, and stays as it is.
    fn adopted(&mut self, pending: Pending<'a>, before: Option<Value>) {
        let address = &pending.object.address;
        let value = before.clone().unwrap_or_else(|| Self::placeholder(smform_types::Type::Dynamic));
        self.found.values.set_instance(address, value);
        let change = Change {
            after_users: self.is_of_service(&pending.provider),
            object: pending.object.clone(),
            previous_address: None,
            provider: pending.provider,
            action: Action::NoOp,
            reason: None,
            after: before.clone(),
            before,
            replace_paths: Vec::new(),
            dependencies: self.dependencies.get(&address.config()).cloned().unwrap_or_default(),
            old_dependencies: Default::default(),
            create_before_destroy: self.first.is_recorded(self.walk.graph, address),
            importing: pending.import,
            reinstated: None,
            moving: None,
            held: false,
            unused: false,
            old_stays: false,
            generated: None,
        };
        self.found.changes.insert(pending.object, change);
    }

    /// Reads an object whose configuration has errors: what changed outside is worth knowing all the same.
    fn read_only(&mut self, node: &Node, object: ObjectKey, key: &ProviderKey, schema: &Schema) {
        let Some(recorded) = self.walk.stored.objects.get(&object).cloned() else { return };
        let Some(session) = self.session(key, &object.address) else { return };
        let question = Question {
            recorded: Some(recorded.value.clone().unmark_deep().0),
            tainted: recorded.tainted,
            ..Question::about(object.clone(), session, schema.block.clone(), self.walk.options.refresh)
        };
        let provider = key.clone();
        let node = node.clone();
        let (requested, triggered, recorded) = (false, false, Some(recorded));
        let purpose = Purpose::Read;
        self.spawn_instance(
            Pending { node, object, provider, purpose, recorded, requested, triggered, import: None },
            question,
        );
    }

    /// Looks at what must hold before an instance is planned; whether nothing is wrong with it.
    fn preconditions(&mut self, address: &InstanceAddress, block: &Resource, repetition: &Repetition) -> bool {
        let (messages, outcome) =
            self.walk.setting.preconditions(address, block, repetition.clone(), &self.found.values);
        self.found.values.checks.record_resource(address, outcome);
        let failed = messages.has_errors();
        self.found.diagnostics.extend(messages);
        !failed
    }

    /// Evaluates the body of a block for one instance and checks it as far as can be done without asking; nothing
    /// when it has errors, which are then on record.
    pub(super) fn evaluate_body(
        &mut self,
        address: &InstanceAddress,
        block: &Resource,
        repetition: &Repetition,
    ) -> Option<(Value, Vec<(Path, Marks)>)> {
        let provider = self.walk.providers.offering(block.address.mode, &block.address.type_name)?;
        if !self.preconditions(address, block, repetition) {
            return None;
        }
        let evaluated = self.walk.setting.resource_config(
            address,
            block,
            Checked::Instance,
            repetition.clone(),
            &self.found.values,
            provider.as_ref(),
        );
        // What is wrong with the block itself is told of one of its instances.
        let is_told = |error: &Diagnostic| {
            let same = |told: &Diagnostic| {
                told.span == error.span && (&told.summary, &told.detail) == (&error.summary, &error.detail)
            };
            self.found.diagnostics.iter().any(same)
        };
        let untold =
            |found: Diagnostics| -> Diagnostics { found.into_iter().filter(|error| !is_told(error)).collect() };
        let evaluated = evaluated.map_err(untold);
        self.found.diagnostics.take(evaluated).map(|(config, marks, warnings)| {
            self.found.diagnostics.extend(warnings);
            (config, marks)
        })
    }

    /// Whether something that the block names in `replace_triggered_by` changes; nothing when it names an instance that
    /// there is not, which is then on record.
    fn is_triggered(&mut self, at: &ModuleInstance, block: &Resource, repetition: &Repetition) -> Option<bool> {
        let scope = self.walk.setting.scope(at, &self.found.values, repetition.clone(), None)?;
        let evaluator = Evaluator::new(&scope, self.walk.setting.functions);
        let mut is_triggered = false;
        for trigger in &block.lifecycle.replace_triggered_by {
            let Some((resource, key, path)) = super::trigger::resolve(trigger, &evaluator) else { continue };
            let mut changes = self.found.changes.values().filter(|change| {
                let address = &change.object.address;
                address.module == *at && address.resource == resource && (key.is_none() || address.key == key)
            });
            let instances = self.found.values.instances(at, &resource);
            let is_there = instances.is_none_or(|instances| instances.contains(key.as_ref()));
            if key.is_some() && !is_there && changes.clone().next().is_none() {
                let missing = InstanceAddress { module: ModuleInstance::root(), resource, key };
                let place = if at.is_root() { "the root module".to_owned() } else { at.to_string() };
                let detail = format!(
                    "There is no such instance, whose changes could replace an object of {}. In its \
                     replace_triggered_by, name one that count or for_each makes, or the resource as a whole.",
                    block_context(block)
                );
                let summary = format!("no change found for {missing} in {place}");
                self.found.diagnostics.push(Diagnostic::error(summary, detail));
                return None;
            }
            is_triggered |= changes.any(|change| match change.action {
                Action::Replace(_) | Action::Update | Action::Create if path.0.is_empty() => {
                    change.action != Action::Create
                }
                Action::Replace(_) | Action::Update => {
                    let (before, after) = (change.before.as_ref(), change.after.as_ref());
                    let part = |value: Option<&Value>| value.and_then(|value| path.lookup(value)).cloned();
                    part(before).zip(part(after)).is_some_and(|(before, after)| !before.same_known(&after))
                }
                _ => false,
            });
        }
        Some(is_triggered)
    }

    /// Why a recorded object goes away: nothing when it stays, otherwise the reason, which is plain for some.
    fn departure(&self, object: &ObjectKey, block: Option<&Resource>) -> Option<Option<Reason>> {
        if object.deposed.is_some() || self.walk.options.mode == Mode::Destroy {
            return Some(None);
        }
        if block.is_none() {
            let moved = self.walk.stored.objects.get(object).is_some_and(|stored| stored.previous.is_some());
            return Some(Some(if moved { Reason::NoMoveTarget } else { Reason::NoConfiguration }));
        }
        let address = &object.address;
        match self.found.values.instances(&address.module, &address.resource) {
            // How many instances there are to be could not be found out, and so nothing is known of this one.
            None if self.found.values.module_instances(&address.config().module).contains(&address.module) => None,
            None => Some(Some(Reason::NoModule)),
            Some(instances) if instances.contains(address.key.as_ref()) => None,
            Some(instances) => Some(Some(why_out(instances, address))),
        }
    }

    /// Whether targets let an object go that belongs to no instance.
    fn is_left_over(&self, node: &Node, object: &ObjectKey, block: Option<&Resource>) -> bool {
        if self.walk.options.mode == Mode::Destroy {
            return self.selection.has_instance(&object.address);
        }
        // What was set aside does not come along with a target: as in Terraform, it goes when one names it.
        if object.deposed.is_some() {
            return self.selection.names(&object.address) || self.selection.has_along(object);
        }
        // As in Terraform, a plan limited to one instance of a module tells as well what is left of instances that are no
        // more.
        if block.is_some() && self.selection.has_node(node) {
            let modules = self.found.values.module_instances(&object.address.config().module);
            if !modules.contains(&object.address.module) {
                return true;
            }
        }
        self.selection.has_instance(&object.address)
    }

    /// Plans the deletion of recorded objects that belong to no instance, and of deposed objects.
    fn leftovers(
        &mut self,
        node: &Node,
        resource: &ResourceConfigAddress,
        key: &ProviderKey,
        schema: &Schema,
        block: Option<&Resource>,
    ) {
        let candidates = self.walk.stored.candidates.keys().filter(|object| object.address.config() == *resource);
        let recorded =
            self.recorded.get(resource).into_iter().flatten().map(|(object, stored)| (*object, Some(*stored)));
        let leftovers: Vec<(ObjectKey, Option<StoredObject>)> = recorded
            .chain(candidates.map(|object| (object, None)))
            .filter(|(object, _)| self.is_left_over(node, object, block))
            .map(|(object, stored)| (object.clone(), stored.cloned()))
            .collect();
        for (object, recorded) in leftovers {
            let Some(reason) = self.departure(&object, block) else { continue };
            let is_kept = block.is_some_and(|block| block.lifecycle.prevent_destroy);
            if is_kept && object.deposed.is_none() {
                self.found.diagnostics.push(prevented(&object.address).at(block.map(|block| block.span)));
            }
            let Some(session) = self.session(key, &object.address) else { continue };
            // What is only forgotten need not be reachable any more.
            let refresh = self.walk.options.refresh && !self.is_forgotten(&object.address);
            let question = Question {
                recorded: recorded.as_ref().map(|recorded| recorded.value.clone().unmark_deep().0),
                candidate: self.walk.stored.candidates.get(&object).cloned(),
                tainted: recorded.as_ref().is_some_and(|recorded| recorded.tainted),
                ..Question::about(object.clone(), session, schema.block.clone(), refresh)
            };
            let pending = Pending {
                node: node.clone(),
                object,
                provider: key.clone(),
                purpose: Purpose::Leave(reason),
                recorded,
                requested: false,
                triggered: false,
                import: None,
            };
            self.spawn_instance(pending, question);
        }
    }

    /// When destroying, what is recorded is what others see.
    fn stored_values(&mut self, resource: &ResourceConfigAddress) {
        let mut by_module: BTreeMap<ModuleInstance, Vec<(&ObjectKey, &StoredObject)>> = BTreeMap::new();
        let recorded = self.recorded.get(resource).cloned().unwrap_or_default();
        for (object, stored) in recorded.into_iter().filter(|(object, _)| object.deposed.is_none()) {
            by_module.entry(object.address.module.clone()).or_default().push((object, stored));
        }
        for (module, objects) in by_module {
            let instances = stored::instances(&objects);
            self.found.values.set_resource(&module, &resource.resource, instances);
            for (object, stored) in objects {
                self.found.values.set_instance(&object.address, stored.value.clone());
            }
        }
    }

    pub(super) fn answered(&mut self, pending: Pending<'a>, answer: Result<Answer, Diagnostics>) {
        let answer = match answer {
            Ok(answer) => answer,
            Err(errors) => {
                self.found.diagnostics.extend(match &pending.purpose {
                    Purpose::Keep(wanted) => locate(errors, wanted.resource),
                    Purpose::Leave(_) | Purpose::Read => errors,
                });
                return;
            }
        };
        let is_candidate = pending.import.is_none() && self.walk.stored.candidates.contains_key(&pending.object);
        // What was left over of a run may be on record by now: to take it for another object would be to delete it.
        let is_left_over = is_candidate && pending.object.deposed.is_some();
        let prior = answer.prior.as_ref().filter(|prior| !is_left_over || !self.is_recorded(&pending.object, prior));
        if let (Some(_), Some(prior)) = (&pending.import, prior) {
            self.warn_of_second(&pending.object, prior);
        }
        let before = prior.map(|prior| {
            let marks = match &pending.recorded {
                Some(recorded) => recorded.value.clone().unmark_with_paths().1,
                None => self.declared_marks(&pending, prior),
            };
            prior.clone().mark_paths(&marks)
        });
        self.note_drift(&pending, before.as_ref());
        // What was left half made is for a run that plans: on record as it is, it would pass for whole.
        let is_whole = !answer.unfinished || self.walk.options.mode != Mode::RefreshOnly;
        let is_found = answer.resumed || pending.recorded.is_none() && is_whole;
        if let (true, None, Some(before)) = (is_found, &pending.import, &before) {
            self.found.adopted.insert(pending.object.clone(), before.clone());
        }
        if is_candidate && before.is_none() {
            self.found.absent.insert(pending.object.clone());
            self.warn_of_stranger(&pending.object, &answer.stranger);
        }
        if answer.planned.is_none() && before.is_some() {
            self.note_ties(&pending, false);
        }
        match pending.purpose {
            Purpose::Keep(_) if answer.planned.is_some() => self.decided(pending, answer, before),
            Purpose::Keep(_) if pending.import.is_some() || is_candidate && is_whole && before.is_some() => {
                self.adopted(pending, before);
            }
            Purpose::Keep(wanted) => {
                let address = &pending.object.address;
                let is_there = before.is_some();
                let value = before.unwrap_or_else(|| {
                    let schema = self.schema_of(&pending.provider, address);
                    Self::placeholder(schema.map_or(smform_types::Type::Dynamic, |schema| schema.block.ty()))
                });
                self.found.values.set_instance(address, value.clone());
                // A run that only refreshes says what no longer holds. Of several instances, one that is not there has
                // no object that its conditions could look at.
                if self.walk.options.mode == Mode::RefreshOnly {
                    let own = (is_there || address.key.is_none()).then_some(value);
                    if !is_there {
                        self.found.values.leave_out(address);
                    }
                    let (block, values) = (wanted.resource, &self.found.values);
                    let judged = self.walk.setting.postconditions(address, block, wanted.repetition, own, values);
                    self.found.diagnostics.extend(judged.0);
                    self.found.values.checks.record_resource(address, judged.1);
                }
            }
            Purpose::Leave(reason) => self.departed(pending, reason, before),
            Purpose::Read => {}
        }
    }

    /// The parts of an object that its schema declares sensitive.
    fn declared_marks(&self, pending: &Pending<'a>, object: &Value) -> Vec<(Path, Marks)> {
        let schema = self.schema_of(&pending.provider, &pending.object.address);
        let mut marks = Vec::new();
        if let Some(schema) = schema {
            sensitive_paths(&schema.block, object, &Path::root(), &mut marks);
        }
        marks
    }

    fn schema_of(&self, provider: &ProviderKey, address: &InstanceAddress) -> Option<&'a Schema> {
        let provider = self.walk.providers.of_key(self.walk.setting.config, provider);
        provider?.resource_schema(address.resource.mode, &address.resource.type_name)
    }

    fn is_of_service(&self, provider: &ProviderKey) -> bool {
        let provider = self.walk.providers.of_key(self.walk.setting.config, provider);
        provider.is_none_or(|provider| provider.has_service())
    }

    fn note_drift(&mut self, pending: &Pending<'a>, before: Option<&Value>) {
        let Some(recorded) = &pending.recorded else { return };
        // What was left half made is known by how it was begun: on record as it is, it would pass for whole.
        if recorded.begun && before.is_some() {
            return;
        }
        let is_told = self.walk.options.mode == Mode::RefreshOnly && recorded.previous.is_some();
        if is_told || before != Some(&recorded.value) {
            let (object, previous) = (pending.object.clone(), recorded.previous.clone());
            self.found.drift.push(Drift { object, previous, before: recorded.value.clone(), after: before.cloned() });
        }
    }

    /// Notes what else is to be recorded of an object that stays: as Terraform has it, once it was read again, what its
    /// block refers to now is added to what it depends on; and once it is settled, that is all that counts.
    fn note_ties(&mut self, pending: &Pending<'a>, settled: bool) {
        let (Purpose::Keep(_), Some(recorded)) = (&pending.purpose, &pending.recorded) else { return };
        let resource = pending.object.address.config();
        let ties = Ties {
            dependencies: if settled {
                self.dependencies.get(&resource).cloned().unwrap_or_default()
            } else {
                self.old_dependencies(pending)
            },
            create_before_destroy: self.first.decides(&resource),
        };
        let is_same =
            ties.dependencies == recorded.dependencies && ties.create_before_destroy == recorded.create_before_destroy;
        if !is_same {
            self.found.ties.insert(pending.object.clone(), ties);
        }
    }

    fn decided(&mut self, pending: Pending<'a>, answer: Answer, before: Option<Value>) {
        let (Purpose::Keep(wanted), Some(planned)) = (&pending.purpose, &answer.planned) else { return };
        let address = &pending.object.address;
        let decision = decide(&Situation {
            address,
            prior: before.as_ref(),
            tainted: answer.unfinished
                || !answer.resumed && pending.recorded.as_ref().is_some_and(|recorded| recorded.tainted),
            requested: pending.requested,
            triggered: pending.triggered,
            along: self.walk.options.along.contains(address),
            planned,
            fresh: answer.fresh.as_ref(),
            create_first: self.first.decides(&address.config()),
            lifecycle: &wanted.resource.lifecycle,
            marks: &wanted.marks,
        });
        self.found.uses_more |= planned.uses_more;
        let notes = answer.fresh.as_ref().unwrap_or(planned).diagnostics.clone();
        self.found.diagnostics.extend(locate(notes, wanted.resource).map(|note| note.about(address)));
        if let Some(error) = decision.refusal {
            self.found.diagnostics.push(error.at(wanted.resource.span).within(block_context(wanted.resource)));
        }
        let value = match (&decision.action, &before, &decision.same_name) {
            (Action::NoOp, Some(before), _) => before.clone(),
            // This plan will be refused. What uses the object is planned as it will be once the name is another one, so
            // that everything in the way is told at once.
            (_, _, Some(same)) if !same.users.is_empty() || self.has_users(&address.config()) => {
                decision.after.clone().update_at(&same.attribute.0, &mut |name| Value::unknown(name.ty()))
            }
            _ => decision.after.clone(),
        };
        self.found.values.set_instance(address, value.clone());
        let repetition = wanted.repetition.clone();
        let values = &self.found.values;
        let (messages, outcome) =
            self.walk.setting.postconditions(address, wanted.resource, repetition, Some(value), values);
        self.found.diagnostics.extend(messages);
        self.found.values.checks.record_resource(address, outcome);
        if decision.delete_last {
            self.found.delete_last.insert(address.clone());
        }
        if let Some(same) = decision.same_name {
            self.found.same_names.insert(address.clone(), same);
        }
        if let Some(same) = decision.name_first {
            self.found.names_first.insert(address.clone(), same);
        }
        if before.is_some() {
            self.note_ties(&pending, decision.action == Action::NoOp);
        }
        let old_dependencies = self.old_dependencies(&pending);
        let old_stays = !self.selection.names(address) && !goes_first(&self.found.changes, address, &old_dependencies);
        let change = Change {
            after_users: self.is_of_service(&pending.provider),
            object: pending.object.clone(),
            previous_address: pending.recorded.as_ref().and_then(|recorded| recorded.previous.clone()),
            provider: pending.provider,
            action: decision.action,
            reason: decision.reason,
            before,
            after: Some(decision.after),
            replace_paths: decision.replace_paths,
            dependencies: self.dependencies.get(&address.config()).cloned().unwrap_or_default(),
            old_dependencies,
            create_before_destroy: self.first.is_recorded(self.walk.graph, address),
            importing: pending.import,
            reinstated: None,
            moving: planned.moving.clone(),
            held: false,
            unused: false,
            old_stays,
            generated: None,
        };
        self.found.changes.insert(pending.object, change);
    }

    /// Whether objects exist whose configuration refers to this block.
    fn has_users(&self, resource: &ResourceConfigAddress) -> bool {
        let mut users = self.dependencies.iter().filter(|(_, needed)| needed.contains(resource));
        users.any(|(user, _)| self.recorded.contains_key(user))
    }

    /// What a recorded object depends on: once it was read again also what its block refers to now, if it still has one.
    fn old_dependencies(&self, pending: &Pending<'a>) -> BTreeSet<ResourceConfigAddress> {
        let Some(recorded) = &pending.recorded else { return BTreeSet::new() };
        let is_read = self.walk.options.refresh && !matches!(pending.purpose, Purpose::Leave(_));
        let now = self.dependencies.get(&pending.object.address.config()).filter(|_| is_read);
        recorded.dependencies.iter().chain(now.into_iter().flatten()).cloned().collect()
    }

    /// Whether an object only leaves the state. When everything is destroyed, `removed` blocks do not save it.
    pub(super) fn is_forgotten(&self, address: &InstanceAddress) -> bool {
        self.walk.options.mode == Mode::Normal && self.walk.setting.is_forgotten(address)
    }

    /// An object that is to go, if it is still there.
    fn departed(&mut self, pending: Pending<'a>, reason: Option<Reason>, before: Option<Value>) {
        let recorded = pending.recorded.as_ref();
        if self.walk.options.mode == Mode::RefreshOnly || before.is_none() {
            return;
        }
        let forget = self.is_forgotten(&pending.object.address);
        let old_dependencies = self.old_dependencies(&pending);
        // What a target does not name goes, as in Terraform, with a run that is not limited.
        let old_stays = pending.object.deposed.is_none() && !self.selection.has_instance(&pending.object.address);
        let change = Change {
            after_users: self.is_of_service(&pending.provider),
            object: pending.object.clone(),
            previous_address: recorded.and_then(|recorded| recorded.previous.clone()),
            provider: pending.provider,
            action: if forget { Action::Forget } else { Action::Delete },
            reason,
            before,
            after: None,
            replace_paths: Vec::new(),
            dependencies: Default::default(),
            old_dependencies,
            create_before_destroy: recorded.is_some_and(|recorded| recorded.create_before_destroy),
            importing: None,
            reinstated: None,
            moving: None,
            held: false,
            unused: false,
            old_stays,
            generated: None,
        };
        self.found.changes.insert(pending.object, change);
    }
}

fn why_out(instances: &Instances, address: &InstanceAddress) -> Reason {
    use smform_types::InstanceKey;
    match (instances, &address.key) {
        (Instances::Count(_), Some(InstanceKey::Index(_))) => Reason::CountIndex,
        (Instances::Each(_), Some(InstanceKey::Name(_))) => Reason::EachKey,
        _ => Reason::WrongRepetition,
    }
}
