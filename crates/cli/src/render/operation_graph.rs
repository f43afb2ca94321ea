//! What an operation walks, drawn as Terraform draws its own: every vertex with what it waits for, without what another
//! of those waits for already.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use smform_engine::graph::{Graph, Node, ProviderKey};
use smform_engine::plan::stored::Stored;
use smform_engine::plan::{Action, Mode, ObjectKey, Plan};
use smform_engine::providers::Providers;
use smform_lang::config::Config;
use smform_lang::eval::{Subject, parse_reference};
use smform_types::{InstanceAddress, ModuleAddress, ResourceConfigAddress, ResourceMode};

/// The operation that is drawn.
#[derive(Clone, Copy)]
pub enum Operation<'a> {
    /// A plan; with what the state holds that the configuration has no more.
    Plan,
    /// A plan to destroy what is recorded.
    Destroy,
    /// An apply of whatever a plan may say.
    Apply,
    /// An apply of this plan.
    Planned(&'a Plan),
}

/// A vertex.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Vertex {
    Root,
    Of(Node),
    Validation(Node),
    Report(Node),
    CloseModule(ModuleAddress),
    CloseProvider(ProviderKey),
    Instance(ObjectKey),
    Destroy(ObjectKey),
}

/// Draws an operation in the language of Graphviz. `data` are the data sources that the state records.
#[must_use]
pub fn dot(
    operation: Operation<'_>,
    graph: &Graph,
    config: &Config,
    (stored, data): (&Stored, &[ObjectKey]),
    providers: &Providers,
) -> String {
    let mut drawing = Drawing { operation, graph, config, providers, needs: BTreeMap::new() };
    match operation {
        Operation::Destroy => {
            drawing.destroy_all(stored);
            data.iter().for_each(|key| drawing.destroy(key, &key.address.config()));
        }
        Operation::Planned(plan) if plan.mode == Mode::Destroy => drawing.destroy_all(stored),
        _ => drawing.configuration(),
    }
    match operation {
        Operation::Planned(plan) if plan.mode != Mode::Destroy => drawing.changes(plan, stored),
        Operation::Plan => drawing.orphans(stored),
        _ => {}
    }
    drawing.close();
    drawing.print()
}

struct Drawing<'a> {
    operation: Operation<'a>,
    graph: &'a Graph,
    config: &'a Config,
    providers: &'a Providers,
    needs: BTreeMap<Vertex, BTreeSet<Vertex>>,
}

impl Drawing<'_> {
    fn add(&mut self, vertex: Vertex) {
        self.needs.entry(vertex).or_default();
    }

    fn connect(&mut self, vertex: Vertex, needed: Vertex) {
        if vertex != needed {
            self.add(needed.clone());
            self.needs.entry(vertex).or_default().insert(needed);
        }
    }

    /// Everything that the configuration declares.
    fn configuration(&mut self) {
        let graph = self.graph;
        let declared: Vec<&Node> = graph.nodes().filter(|node| self.is_declared(node)).collect();
        for node in declared {
            self.add(Vertex::Of(node.clone()));
            let needed = graph.dependencies(node).filter(|needed| self.is_declared(needed));
            let needed: Vec<Vertex> = needed.map(|needed| self.last_of(needed)).collect();
            needed.into_iter().for_each(|needed| self.connect(Vertex::Of(node.clone()), needed));
            match node {
                Node::Variable(..) if self.is_validated(node) => {
                    self.connect(Vertex::Validation(node.clone()), Vertex::Of(node.clone()));
                }
                Node::Check(module, _) if matches!(self.operation, Operation::Plan) => {
                    self.connect(Vertex::Of(node.clone()), Vertex::Report(node.clone()));
                    if !module.is_root() {
                        self.connect(Vertex::Report(node.clone()), Vertex::Of(Node::Module(module.clone())));
                    }
                }
                Node::Module(module) => {
                    self.connect(Vertex::CloseModule(module.clone()), Vertex::Of(node.clone()));
                    if let Some((parent, _)) = module.parent().filter(|(parent, _)| !parent.is_root()) {
                        self.connect(Vertex::CloseModule(parent), Vertex::CloseModule(module.clone()));
                    }
                }
                _ => {}
            }
            let mut around = module_of(node).filter(|module| !module.is_root());
            while let Some(module) = around {
                self.connect(Vertex::CloseModule(module.clone()), self.last_of(node));
                around = module.parent().map(|(parent, _)| parent).filter(|parent| !parent.is_root());
            }
        }
        // What a call depends on, its module waits for.
        for (at, module) in &self.config.modules {
            for call in module.calls.values() {
                let child = Node::Module(at.child(&call.name.text));
                for reference in call.depends_on.iter().filter_map(|target| parse_reference(target).ok()) {
                    if let Subject::Resource(resource) = reference.subject {
                        let needed = Node::Resource(resource.in_module(at.clone()));
                        self.connect(Vertex::Of(child.clone()), Vertex::Of(needed));
                    }
                }
            }
        }
        for (node, module) in graph.whole_modules() {
            // What is in a module cannot wait for its end.
            if self.is_declared(node) && module_of(node).is_none_or(|within| !within.0.starts_with(&module.0)) {
                self.connect(Vertex::Of(node.clone()), Vertex::CloseModule(module.clone()));
            }
        }
    }

    /// Resources of the state alone are no part of the configuration.
    fn is_declared(&self, node: &Node) -> bool {
        let Node::Resource(resource) = node else { return true };
        let module = self.config.modules.get(&resource.module);
        module.is_some_and(|module| module.resources.contains_key(&resource.resource))
    }

    fn is_validated(&self, node: &Node) -> bool {
        let Node::Variable(module, name) = node else { return false };
        let module = self.config.modules.get(module);
        module.and_then(|module| module.variables.get(name)).is_some_and(|variable| !variable.validations.is_empty())
    }

    /// What others wait for when they wait for something.
    fn last_of(&self, node: &Node) -> Vertex {
        if self.is_validated(node) { Vertex::Validation(node.clone()) } else { Vertex::Of(node.clone()) }
    }

    /// What is recorded and has no block any more is destroyed.
    fn orphans(&mut self, stored: &Stored) {
        for key in stored.objects.keys() {
            let resource = key.address.config();
            if !self.is_declared(&Node::Resource(resource.clone())) {
                self.destroy(key, &resource);
            }
        }
    }

    fn provider_of(&self, resource: &ResourceConfigAddress) -> Option<ProviderKey> {
        let node = Node::Resource(resource.clone());
        self.graph.dependencies(&node).find_map(|needed| match needed {
            Node::Provider(key) => Some(key.clone()),
            _ => None,
        })
    }

    fn destroy(&mut self, key: &ObjectKey, resource: &ResourceConfigAddress) {
        self.add(Vertex::Destroy(key.clone()));
        if let Some(provider) = self.provider_of(resource) {
            self.connect(Vertex::Destroy(key.clone()), Vertex::Of(Node::Provider(provider)));
        }
    }

    fn destroy_all(&mut self, stored: &Stored) {
        if let Some(root) = self.config.root() {
            for name in root.outputs.keys() {
                self.add(Vertex::Of(Node::Output(ModuleAddress::root(), name.clone())));
            }
        }
        for key in stored.objects.keys() {
            self.destroy(key, &key.address.config());
        }
        self.order_destruction(stored, &stored.objects.keys().cloned().collect());
    }

    /// What depends on an object goes before it.
    fn order_destruction(&mut self, stored: &Stored, gone: &BTreeSet<ObjectKey>) {
        for user in gone {
            let Some(object) = stored.objects.get(user) else { continue };
            if user.address.resource.mode == ResourceMode::Data {
                continue;
            }
            for needed in gone.iter().filter(|needed| object.dependencies.contains(&needed.address.config())) {
                if needed.address.resource.mode == ResourceMode::Managed {
                    self.connect(Vertex::Destroy(needed.clone()), Vertex::Destroy(user.clone()));
                }
            }
        }
    }

    /// The instances that a plan changes.
    fn changes(&mut self, plan: &Plan, stored: &Stored) {
        let mut gone = BTreeSet::new();
        for (key, change) in &plan.changes {
            let resource = key.address.config();
            let lives = matches!(change.action, Action::Create | Action::Update | Action::Read | Action::Replace(_));
            if lives {
                self.instance(key, &resource);
            }
            if change.deletes() {
                gone.insert(key.clone());
                self.destroy(key, &resource);
                if lives && change.create_before_destroy {
                    self.connect(Vertex::Destroy(key.clone()), Vertex::Instance(key.clone()));
                } else if lives {
                    self.connect(Vertex::Instance(key.clone()), Vertex::Destroy(key.clone()));
                }
            }
        }
        self.order_destruction(stored, &gone);
    }

    fn instance(&mut self, key: &ObjectKey, resource: &ResourceConfigAddress) {
        let block = Node::Resource(resource.clone());
        if !self.is_declared(&block) {
            return self.add(Vertex::Instance(key.clone()));
        }
        self.connect(Vertex::Instance(key.clone()), Vertex::Of(block.clone()));
        let needs = |user: &&Node| self.graph.needs_instance(user, resource, key.address.key.as_ref());
        let users = self.graph.dependents(&block).filter(|user| self.is_declared(user)).filter(needs);
        let users: Vec<Node> = users.cloned().collect();
        users.into_iter().for_each(|user| self.connect(Vertex::Of(user), Vertex::Instance(key.clone())));
        let mut around = Some(resource.module.clone()).filter(|module| !module.is_root());
        while let Some(module) = around {
            self.connect(Vertex::CloseModule(module.clone()), Vertex::Instance(key.clone()));
            around = module.parent().map(|(parent, _)| parent).filter(|parent| !parent.is_root());
        }
    }

    /// Providers end after all work with them, and the root after everything.
    fn close(&mut self) {
        let mut users: Vec<(ProviderKey, Vertex)> = Vec::new();
        for vertex in self.needs.keys() {
            let resource = match vertex {
                Vertex::Of(Node::Provider(key)) => {
                    users.push((key.clone(), vertex.clone()));
                    continue;
                }
                Vertex::Of(Node::Resource(resource)) => resource.clone(),
                Vertex::Instance(key) | Vertex::Destroy(key) => key.address.config(),
                _ => continue,
            };
            users.extend(self.provider_of(&resource).map(|provider| (provider, vertex.clone())));
        }
        for (provider, user) in users {
            self.connect(Vertex::CloseProvider(provider), user);
        }
        let all: Vec<Vertex> = self.needs.keys().cloned().collect();
        all.into_iter().for_each(|vertex| self.connect(Vertex::Root, vertex));
    }

    /// What each vertex reaches. Vertices that need each other reach what is found until the way comes back.
    fn reach(&self) -> BTreeMap<&Vertex, BTreeSet<&Vertex>> {
        let mut reach: BTreeMap<&Vertex, BTreeSet<&Vertex>> = BTreeMap::new();
        for start in self.needs.keys() {
            let mut seen = BTreeSet::new();
            let mut open: Vec<&Vertex> = self.needs.get(start).into_iter().flatten().collect();
            while let Some(vertex) = open.pop() {
                if seen.insert(vertex) {
                    match reach.get(vertex) {
                        Some(known) => seen.extend(known),
                        None => open.extend(self.needs.get(vertex).into_iter().flatten()),
                    }
                }
            }
            reach.insert(start, seen);
        }
        reach
    }

    fn print(&self) -> String {
        let reach = self.reach();
        let mut boxes: Vec<(String, String)> = Vec::new();
        let mut arrows: BTreeSet<String> = BTreeSet::new();
        for (vertex, needed) in &self.needs {
            let name = quoted(&format!("[root] {}", self.name(vertex)));
            if let Some((label, shape)) = self.shape(vertex) {
                boxes.push((self.name(vertex), format!("{name} [label = {}, shape = \"{shape}\"]", quoted(&label))));
            }
            let through = |end: &Vertex| {
                let others = needed.iter().filter(|other| *other != end);
                others.filter_map(|other| reach.get(other)).any(|reached| reached.contains(end))
            };
            let needed = needed.iter().filter(|end| !through(end));
            arrows.extend(needed.map(|end| format!("{name} -> {}", quoted(&format!("[root] {}", self.name(end))))));
        }
        boxes.sort();
        let mut out = "digraph {\n\tcompound = \"true\"\n\tnewrank = \"true\"\n\tsubgraph \"root\" {\n".to_owned();
        for line in boxes.iter().map(|(_, line)| line).chain(&arrows) {
            let _ = writeln!(out, "\t\t{line}");
        }
        out.push_str("\t}\n}\n");
        out
    }

    /// The label and the shape of a vertex that has a box of its own.
    fn shape(&self, vertex: &Vertex) -> Option<(String, &'static str)> {
        match vertex {
            Vertex::Of(Node::Variable(module, _)) if module.is_root() => Some((self.name(vertex), "note")),
            Vertex::Of(Node::Provider(_)) => Some((self.name(vertex), "diamond")),
            Vertex::Of(Node::Resource(resource)) => Some((resource.to_string(), "box")),
            Vertex::Instance(key) | Vertex::Destroy(key) => Some((key.address.config().to_string(), "box")),
            _ => None,
        }
    }

    fn name(&self, vertex: &Vertex) -> String {
        match vertex {
            Vertex::Root => "root".to_owned(),
            Vertex::Of(node @ Node::Variable(module, _)) if module.is_root() => node.to_string(),
            Vertex::Of(Node::Provider(key)) => self.provider(key),
            Vertex::Of(node) => format!("{node} (expand)"),
            Vertex::Validation(node) => format!("{node} (validation)"),
            Vertex::Report(node) => format!("{node} (report)"),
            Vertex::CloseModule(module) => format!("{module} (close)"),
            Vertex::CloseProvider(key) => format!("{} (close)", self.provider(key)),
            Vertex::Instance(key) => key.address.to_string(),
            Vertex::Destroy(ObjectKey { address, deposed: Some(deposed) }) => {
                format!("{} (destroy deposed {deposed})", self.instance_name(address))
            }
            Vertex::Destroy(key) => {
                let what = if matches!(self.operation, Operation::Plan) { "orphan" } else { "destroy" };
                format!("{} ({what})", self.instance_name(&key.address))
            }
        }
    }

    /// A plan to destroy does not tell apart the instances of a resource.
    fn instance_name(&self, address: &InstanceAddress) -> String {
        match self.operation {
            Operation::Destroy => address.config().to_string(),
            _ => address.to_string(),
        }
    }

    fn provider(&self, key: &ProviderKey) -> String {
        let within = if key.module.is_root() { String::new() } else { format!("{}.", key.module) };
        let source = self.providers.of_key(self.config, key).map(|provider| provider.source().to_owned());
        let source = source.unwrap_or_else(|| key.reference.name.to_string());
        let alias = key.reference.alias.as_ref().map(|alias| format!(".{alias}")).unwrap_or_default();
        format!("{within}provider[\"{source}\"]{alias}")
    }
}

/// The module that a vertex stands in.
fn module_of(node: &Node) -> Option<ModuleAddress> {
    match node {
        Node::Module(module) => module.parent().map(|(parent, _)| parent),
        Node::Variable(module, _) | Node::Local(module, _) | Node::Output(module, _) | Node::Check(module, _) => {
            Some(module.clone())
        }
        Node::Resource(resource) => Some(resource.module.clone()),
        Node::Provider(_) => None,
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
