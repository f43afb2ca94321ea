//! The dependency graph as a drawing: DOT, laid out as Terraform does, or Mermaid.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use smform_engine::graph::Graph;
use smform_types::{ModuleAddress, ResourceConfigAddress};

/// What is drawn: boxes, by the module that they stand in, and arrows from what needs to what is needed.
#[derive(Default)]
pub struct Drawing {
    /// Identifier and label of every box.
    boxes: BTreeMap<ModuleAddress, BTreeMap<String, String>>,
    arrows: Vec<(String, String)>,
}

impl Drawing {
    /// The resources and data sources, with what they need.
    #[must_use]
    pub fn of_resources(graph: &Graph) -> Drawing {
        let mut drawing = Drawing::default();
        let edges = graph.drawn_dependencies();
        for resource in edges.keys() {
            let boxes = drawing.boxes.entry(resource.module.clone()).or_default();
            boxes.insert(resource.to_string(), resource.resource.to_string());
        }
        let mut arrows: Vec<(&ResourceConfigAddress, &ResourceConfigAddress)> =
            edges.iter().flat_map(|(from, needed)| needed.iter().map(move |to| (from, to))).collect();
        arrows.sort_by_key(|(from, to)| (&from.module, from.resource.to_string(), &to.module, to.resource.to_string()));
        drawing.arrows = arrows.into_iter().map(|(from, to)| (from.to_string(), to.to_string())).collect();
        drawing
    }

    /// Everything that is evaluated, with what it needs.
    #[must_use]
    pub fn of_everything(graph: &Graph) -> Drawing {
        let mut drawing = Drawing::default();
        let boxes = drawing.boxes.entry(ModuleAddress::root()).or_default();
        let mut arrows = BTreeSet::new();
        for node in graph.nodes() {
            boxes.insert(node.to_string(), node.to_string());
            arrows.extend(graph.dependencies(node).map(|needed| (node.to_string(), needed.to_string())));
        }
        drawing.arrows = arrows.into_iter().collect();
        drawing
    }

    /// In the language of Graphviz.
    #[must_use]
    pub fn dot(&self) -> String {
        let mut out =
            "digraph G {\n  rankdir = \"RL\";\n  node [shape = rect, fontname = \"sans-serif\"];\n".to_owned();
        if self.boxes.is_empty() {
            out.push_str("  /* This configuration has no resources. `smform graph -type=plan` shows everything. */\n");
        }
        for (module, boxes) in &self.boxes {
            if module.is_root() {
                boxes.iter().for_each(|(id, label)| {
                    let _ = writeln!(out, "  {} [label={}];", quoted(id), quoted(label));
                });
                continue;
            }
            let _ = writeln!(out, "  subgraph {} {{", quoted(&format!("cluster_{module}")));
            let _ = writeln!(out, "    label = {}\n    fontname = \"sans-serif\"", quoted(&module.to_string()));
            boxes.iter().for_each(|(id, label)| {
                let _ = writeln!(out, "    {} [label={}];", quoted(id), quoted(label));
            });
            out.push_str("  }\n");
        }
        for (from, to) in &self.arrows {
            let _ = writeln!(out, "  {} -> {};", quoted(from), quoted(to));
        }
        out.push_str("}\n");
        out
    }

    /// In the language of Mermaid.
    #[must_use]
    pub fn mermaid(&self) -> String {
        let ids: BTreeMap<&str, usize> =
            self.boxes.values().flat_map(BTreeMap::keys).enumerate().map(|(at, id)| (id.as_str(), at)).collect();
        let name = |id: &str| ids.get(id).map(|at| format!("n{at}")).unwrap_or_default();
        let mut out = "flowchart RL\n".to_owned();
        for (at, (module, boxes)) in self.boxes.iter().enumerate() {
            let indent = if module.is_root() { "  " } else { "    " };
            if !module.is_root() {
                let _ = writeln!(out, "  subgraph m{at}[\"{}\"]", escaped(&module.to_string()));
            }
            boxes.iter().for_each(|(id, label)| {
                let _ = writeln!(out, "{indent}{}[\"{}\"]", name(id), escaped(label));
            });
            if !module.is_root() {
                out.push_str("  end\n");
            }
        }
        for (from, to) in &self.arrows {
            let _ = writeln!(out, "  {} --> {}", name(from), name(to));
        }
        out
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn escaped(text: &str) -> String {
    text.replace('&', "#amp;").replace('"', "#quot;")
}
