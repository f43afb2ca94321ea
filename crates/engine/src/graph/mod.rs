//! The dependency graph of a configuration: what must be known before what.

mod attributes;
mod build;
mod node;
mod unique;

use std::collections::{BTreeMap, BTreeSet};

use petgraph::Direction;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::NodeIndex;
use smform_types::{Diagnostic, Diagnostics, InstanceKey, ModuleAddress, ResourceConfigAddress, SourceMap, Span};

pub use build::build;
pub use node::{Node, ProviderKey};
pub(crate) use unique::UniqueGraph;

/// A graph whose edges lead from what is needed to what needs it, with the place of the reference that says so, if any.
#[derive(Clone, Debug, Default)]
pub struct Graph(UniqueGraph<Node, Option<Span>>, BTreeSet<Node>, Written);

/// How things are referred to, beyond that they are.
#[derive(Clone, Debug, Default)]
struct Written {
    /// Modules that something refers to as a whole.
    whole: BTreeSet<(Node, ModuleAddress)>,
    /// The instances that something names of a resource; none stands for all of them.
    instances: BTreeMap<(Node, ResourceConfigAddress), BTreeSet<Option<InstanceKey>>>,
    /// What only comes after something, and does not need it.
    after: BTreeSet<(Node, Node)>,
    /// Where an instance is selected of a module that has only one.
    of_single: Vec<Span>,
}

impl Graph {
    /// Adds a vertex, if it is new.
    pub fn add(&mut self, node: Node) {
        self.0.add(node);
    }

    /// Says that `dependent` needs `dependency`, and where that is written. Both must have been added; a thing does not
    /// need itself.
    pub fn connect(&mut self, dependency: &Node, dependent: &Node, written: Option<Span>) {
        self.0.join(dependency, dependent, written);
        if !self.2.after.is_empty() {
            self.2.after.remove(&(dependency.clone(), dependent.clone()));
        }
    }

    /// Says that one thing comes after another without a need for it. A need that is told of later counts.
    pub fn follow(&mut self, first: &Node, second: &Node) {
        self.connect(first, second, None);
        self.2.after.insert((first.clone(), second.clone()));
    }

    /// Whether a thing cannot be without another that it comes after.
    #[must_use]
    pub fn is_needed(&self, first: &Node, second: &Node) -> bool {
        !self.2.after.contains(&(first.clone(), second.clone()))
    }

    /// Notes that what stands at a vertex cannot be evaluated, because it refers to what is not there.
    pub(crate) fn refuse(&mut self, node: &Node) {
        self.1.insert(node.clone());
    }

    /// The vertices that cannot be evaluated, because they refer to what is not there.
    #[must_use]
    pub const fn refused(&self) -> &BTreeSet<Node> {
        &self.1
    }

    pub(crate) fn select_of_single(&mut self, place: Span) {
        self.2.of_single.push(place);
    }

    /// Where an instance is selected of a module that has only one, and no key.
    #[must_use]
    pub fn selected_of_single(&self) -> &[Span] {
        &self.2.of_single
    }

    pub(crate) fn refers_to_whole(&mut self, node: &Node, module: ModuleAddress) {
        self.2.whole.insert((node.clone(), module));
    }

    pub(crate) fn refers_to_instance(&mut self, node: &Node, of: ResourceConfigAddress, key: Option<InstanceKey>) {
        self.2.instances.entry((node.clone(), of)).or_default().insert(key);
    }

    /// What refers to a module as a whole, and to which.
    pub fn whole_modules(&self) -> impl Iterator<Item = (&Node, &ModuleAddress)> {
        self.2.whole.iter().map(|(node, module)| (node, module))
    }

    /// Whether something that needs a resource needs this instance of it.
    #[must_use]
    pub fn needs_instance(&self, node: &Node, of: &ResourceConfigAddress, key: Option<&InstanceKey>) -> bool {
        self.named_instances(node, of).is_none_or(|named| named.contains(&key.cloned()))
    }

    /// The instances that something names of a resource that it needs; nothing where it needs them all.
    #[must_use]
    pub fn named_instances(&self, node: &Node, of: &ResourceConfigAddress) -> Option<&BTreeSet<Option<InstanceKey>>> {
        self.2.instances.get(&(node.clone(), of.clone())).filter(|named| !named.contains(&None))
    }

    /// Whether there is such a vertex.
    #[must_use]
    pub fn contains(&self, node: &Node) -> bool {
        self.0.find(node).is_some()
    }

    /// Every vertex, in order of name.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.0.nodes().map(|(node, _)| node)
    }

    /// What a vertex needs directly.
    pub fn dependencies(&self, node: &Node) -> impl Iterator<Item = &Node> {
        self.neighbours(node, Direction::Incoming)
    }

    /// What needs a vertex directly.
    pub fn dependents(&self, node: &Node) -> impl Iterator<Item = &Node> {
        self.neighbours(node, Direction::Outgoing)
    }

    fn neighbours(&self, node: &Node, direction: Direction) -> impl Iterator<Item = &Node> {
        let index = self.0.find(node);
        let found = index.into_iter().flat_map(move |index| self.0.inner().neighbors_directed(index, direction));
        found.filter_map(|index| self.0.inner().node_weight(index))
    }

    /// Everything that the given vertices need, directly or not, themselves included.
    #[must_use]
    pub fn closure<'a>(&'a self, of: impl IntoIterator<Item = &'a Node>) -> BTreeSet<&'a Node> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&Node> = of.into_iter().collect();
        while let Some(node) = open.pop() {
            if seen.insert(node) {
                open.extend(self.dependencies(node));
            }
        }
        seen
    }

    /// The resources that each resource depends on, directly or through locals, variables, outputs and data: what the
    /// state records as dependencies.
    #[must_use]
    pub fn resource_dependencies(&self) -> BTreeMap<ResourceConfigAddress, BTreeSet<ResourceConfigAddress>> {
        // In topological order each vertex unites what its direct dependencies have.
        let order = petgraph::algo::toposort(self.0.inner(), None).unwrap_or_default();
        let mut reach: BTreeMap<NodeIndex, BTreeSet<ResourceConfigAddress>> = BTreeMap::new();
        for index in order {
            let mut needed = BTreeSet::new();
            for dependency in self.0.inner().neighbors_directed(index, Direction::Incoming) {
                if let Some(Node::Resource(resource)) = self.0.inner().node_weight(dependency) {
                    needed.insert(resource.clone());
                }
                // A provider configuration is not a dependency of the object, only of the work on it.
                if !matches!(self.0.inner().node_weight(dependency), Some(Node::Provider(_))) {
                    needed.extend(reach.get(&dependency).into_iter().flatten().cloned());
                }
            }
            reach.insert(index, needed);
        }
        let resources = self.0.nodes().filter_map(|(node, index)| match node {
            Node::Resource(resource) => Some((resource.clone(), reach.remove(&index).unwrap_or_default())),
            _ => None,
        });
        resources.collect()
    }

    /// The resources that each resource needs, without those that another one of them needs already: what is worth
    /// drawing.
    #[must_use]
    pub fn drawn_dependencies(&self) -> BTreeMap<ResourceConfigAddress, BTreeSet<ResourceConfigAddress>> {
        let all = self.resource_dependencies();
        let through = |one: &ResourceConfigAddress, other: &ResourceConfigAddress| {
            one != other && all.get(one).is_some_and(|needed| needed.contains(other))
        };
        all.iter()
            .map(|(resource, needed)| {
                let drawn = needed.iter().filter(|one| !needed.iter().any(|other| through(other, one)));
                (resource.clone(), drawn.cloned().collect())
            })
            .collect()
    }

    /// The vertices in an order in which everything comes after what it needs.
    ///
    /// # Errors
    /// When some need each other: one message per cycle, naming its members and where each is referred to.
    pub fn order(&self, sources: &SourceMap) -> Result<Vec<Node>, Diagnostics> {
        let mut errors = Diagnostics::new();
        let mut order = Vec::with_capacity(self.0.len());
        // Strongly connected components come in reverse topological order.
        for component in kosaraju_scc(self.0.inner()).into_iter().rev() {
            if component.len() > 1 {
                errors.push(self.cycle(&component, sources));
            }
            order.extend(component.into_iter().filter_map(|index| self.0.inner().node_weight(index)).cloned());
        }
        if errors.has_errors() { Err(errors) } else { Ok(order) }
    }

    fn cycle(&self, members: &[NodeIndex], sources: &SourceMap) -> Diagnostic {
        // Follow edges within the component from its first member by name, so that the message reads as a way around.
        let inside: BTreeSet<NodeIndex> = members.iter().copied().collect();
        let named = |index: &NodeIndex| self.0.inner().node_weight(*index).cloned();
        let start = members.iter().min_by_key(|index| named(index)).copied().unwrap_or_default();
        let mut way = vec![start];
        let mut at = start;
        loop {
            let next = self
                .0
                .inner()
                .neighbors_directed(at, Direction::Incoming)
                .filter(|next| inside.contains(next))
                .min_by_key(|next| (way.contains(next), named(next)));
            match next {
                Some(next) if !way.contains(&next) => way.push(next),
                Some(next) => {
                    way.push(next);
                    break;
                }
                None => break,
            }
            at = *way.last().unwrap_or(&start);
        }
        let closing = way.last().copied().unwrap_or(start);
        let from = way.iter().position(|index| *index == closing).unwrap_or(0);
        let way = way.get(from..).unwrap_or_default();
        let mut lines: Vec<String> = Vec::new();
        let mut place = None;
        for (index, next) in way.iter().zip(way.iter().skip(1)) {
            let Some(node) = self.0.inner().node_weight(*index) else { continue };
            let edge = self.0.inner().find_edge(*next, *index).and_then(|edge| self.0.inner().edge_weight(edge));
            let written = edge.copied().flatten();
            let shown = written.and_then(|span| {
                let source = sources.get(span.source)?;
                Some(format!(" ({}:{})", source.name, source.position(span.start as usize).line))
            });
            lines.push(format!("{node}{}", shown.unwrap_or_default()));
            place = place.or(written);
        }
        lines.extend(self.0.inner().node_weight(closing).map(ToString::to_string));
        let detail = format!(
            "These need each other, so none of them can come first:\n\n  {}\n\nRemove one of the references between them.",
            lines.join("\n  -> ")
        );
        Diagnostic::error("Dependency cycle", detail).at(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smform_types::ModuleAddress;

    fn local(name: &str) -> Node {
        Node::Local(ModuleAddress::root(), name.into())
    }

    fn graph(edges: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::default();
        for (from, to) in edges {
            graph.add(local(from));
            graph.add(local(to));
            graph.connect(&local(from), &local(to), None);
        }
        graph
    }

    #[test]
    fn everything_comes_after_what_it_needs() {
        let order = graph(&[("a", "b"), ("b", "c"), ("a", "c")]).order(&SourceMap::default()).expect("no cycle");
        assert_eq!(order, [local("a"), local("b"), local("c")]);
    }

    #[test]
    fn a_cycle_is_named_as_a_way_around() {
        let errors =
            graph(&[("a", "b"), ("b", "c"), ("c", "a"), ("x", "a")]).order(&SourceMap::default()).expect_err("a cycle");
        let detail = errors.iter().map(|error| error.detail.clone()).collect::<String>();
        assert!(detail.contains("local.a\n  -> local.c\n  -> local.b\n  -> local.a"), "{detail}");
        assert!(!detail.contains("local.x"));
    }
}
