//! A directed graph in which a vertex is found by its value, and two vertices have at most one edge: what both the
//! configuration's graph and the plan's step graph stand on.

use std::collections::{BTreeMap, HashSet};

use petgraph::graph::{DiGraph, NodeIndex};

/// The graph. Adding a vertex or an edge takes a time that does not grow with the edges of a vertex: a provider has as
/// many as it has resources.
#[derive(Clone, Debug)]
pub(crate) struct UniqueGraph<N, E> {
    inner: DiGraph<N, E>,
    index: BTreeMap<N, NodeIndex>,
    joined: HashSet<(NodeIndex, NodeIndex)>,
}

impl<N, E> Default for UniqueGraph<N, E> {
    fn default() -> UniqueGraph<N, E> {
        UniqueGraph { inner: DiGraph::default(), index: BTreeMap::new(), joined: HashSet::new() }
    }
}

impl<N: Clone + Ord, E> UniqueGraph<N, E> {
    /// Adds a vertex, if it is new.
    pub(crate) fn add(&mut self, node: N) {
        if !self.index.contains_key(&node) {
            let index = self.inner.add_node(node.clone());
            self.index.insert(node, index);
        }
    }

    /// Adds an edge, unless there is one, either vertex is missing, or both are the same.
    pub(crate) fn join(&mut self, from: &N, to: &N, weight: E) {
        if let (Some(from), Some(to)) = (self.find(from), self.find(to))
            && from != to
            && self.joined.insert((from, to))
        {
            self.inner.add_edge(from, to, weight);
        }
    }

    /// The index of a vertex in [`UniqueGraph::inner`].
    pub(crate) fn find(&self, node: &N) -> Option<NodeIndex> {
        self.index.get(node).copied()
    }

    /// The vertices with their indices, in order of value.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = (&N, NodeIndex)> {
        self.index.iter().map(|(node, index)| (node, *index))
    }

    /// How many vertices there are.
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// The graph for petgraph's algorithms.
    pub(crate) const fn inner(&self) -> &DiGraph<N, E> {
        &self.inner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vertices_and_edges_are_there_once() {
        let mut graph: UniqueGraph<&str, u8> = UniqueGraph::default();
        for node in ["a", "b", "a"] {
            graph.add(node);
        }
        for (from, to, weight) in [("a", "b", 1), ("a", "b", 2), ("b", "a", 3), ("a", "a", 4), ("a", "x", 5)] {
            graph.join(&from, &to, weight);
        }
        assert_eq!((graph.len(), graph.nodes().count()), (2, 2));
        assert_eq!(graph.inner().edge_weights().copied().collect::<Vec<_>>(), [1, 3]);
        assert_eq!(graph.find(&"x"), None);
    }
}
