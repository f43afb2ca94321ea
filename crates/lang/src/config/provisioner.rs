//! `provisioner` and `connection` blocks.

use smform_types::{Diagnostic, Diagnostics, Span};

use super::content::{Content, Shape};
use crate::eval::{Subject, keyword, references, warn_of_quotes};
use crate::syntax::{Block, Body, Ident};

/// A `provisioner` block.
#[derive(Clone, Debug)]
pub struct Provisioner {
    /// What it does, such as `local-exec`.
    pub kind: Ident,
    /// When it does it.
    pub when: When,
    /// Whether the run goes on when it fails.
    pub continues: bool,
    /// Its arguments.
    pub body: Body,
    /// Its own `connection` block.
    pub connection: Option<Body>,
    /// The header of the block.
    pub span: Span,
}

/// When a provisioner runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// After the object was created.
    Create,
    /// Before it is destroyed.
    Destroy,
}

/// The one kind that runs on this machine.
pub const LOCAL_EXEC: &str = "local-exec";
/// The kind that runs commands on another machine.
pub const REMOTE_EXEC: &str = "remote-exec";
/// The kind that copies to another machine.
pub const FILE: &str = "file";

const SHAPE: Shape = Shape { arguments: &["when", "on_failure"], blocks: &[("connection", 0)] };

/// Block types that are kept for the language.
const RESERVED: [&str; 2] = ["lifecycle", "locals"];

/// The provisioners of a resource, in order, and its `connection` block.
pub(super) fn provisioners(blocks: &[Block], found: &mut Diagnostics) -> (Vec<Provisioner>, Option<Body>) {
    let all = blocks.iter().filter(|block| &*block.kind.text == "provisioner");
    let provisioners: Vec<Provisioner> = all.filter_map(|block| provisioner(block, found)).collect();
    let mut connections = blocks.iter().filter(|block| &*block.kind.text == "connection");
    let connection = connections.next().map(|block| block.body.clone());
    for second in connections {
        let detail = "A resource has one connection block. Merge them, or move one into its provisioner.";
        found.push(Diagnostic::error("Duplicate connection block", detail).at(second.header));
    }
    if provisioners.iter().any(|one| one.when == When::Destroy) {
        connection.iter().for_each(|body| only_own(body, found));
    }
    (provisioners, connection)
}

fn provisioner(block: &Block, found: &mut Diagnostics) -> Option<Provisioner> {
    let kind = block.labels.first()?.clone();
    let content = Content::split(block, &SHAPE, found);
    match &*kind.text {
        // Those that need another machine are read, so that a configuration with them can be checked.
        LOCAL_EXEC | REMOTE_EXEC | FILE => {}
        "chef" | "habitat" | "puppet" | "salt-masterless" => {
            let detail = "This provisioner is not part of the language any more. Remove the block.";
            let summary = format!("The \"{}\" provisioner has been removed", kind.text);
            found.push(Diagnostic::error(summary, detail).at(kind.span));
            return None;
        }
        other => {
            let detail = format!("There is no provisioner \"{other}\". smform has local-exec.");
            found.push(Diagnostic::error("Missing required provisioner plugin", detail).at(kind.span).deferred());
            return None;
        }
    }
    let mut word = |name: &str, words: [&str; 2]| -> Option<bool> {
        let expr = content.get(name)?;
        warn_of_quotes(expr, block.body.json, "keyword", found);
        let given = keyword(expr);
        let at = words.iter().position(|word| given.as_deref() == Some(word));
        if at.is_none() {
            let detail = format!("The \"{name}\" argument is one of the words {} and {}.", words[0], words[1]);
            found.push(Diagnostic::error(format!("Invalid \"{name}\" keyword"), detail).at(expr.span));
        }
        at.map(|at| at == 1)
    };
    let when = if word("when", ["create", "destroy"]) == Some(true) { When::Destroy } else { When::Create };
    let continues = word("on_failure", ["fail", "continue"]) == Some(true);
    let connection = content.single("connection", found).map(|block| block.body.clone());
    let body = content.rest_with_escapes(found);
    if let Some(nested) = body.blocks.iter().find(|nested| RESERVED.contains(&&*nested.kind.text)) {
        let detail = format!("The block type \"{}\" is reserved within provisioners.", nested.kind.text);
        let error = Diagnostic::error("Reserved block type name in provisioner block", detail);
        found.push(error.at(nested.kind.span));
        return None;
    }
    if when == When::Destroy {
        [Some(&body), connection.as_ref()].into_iter().flatten().for_each(|body| only_own(body, found));
    }
    Some(Provisioner { kind, when, continues, body, connection, span: block.header })
}

/// When an object is destroyed, nothing but the object itself is certain to be known.
fn only_own(body: &Body, found: &mut Diagnostics) {
    let arguments = body.attributes.iter().map(|attribute| &attribute.expr);
    for (expr, reference) in arguments.flat_map(|expr| references(expr).into_iter().map(move |found| (expr, found))) {
        let known = matches!(
            reference.subject,
            Subject::SelfObject | Subject::CountIndex | Subject::EachKey | Subject::Path(_) | Subject::Terraform(_)
        );
        if !known {
            let detail = "A provisioner that runs when its object is destroyed may refer to that object alone: by self, \
                          count.index and each.key. Keep what it needs in the object, as in triggers_replace or input.";
            found.push(Diagnostic::error("Invalid reference from destroy provisioner", detail).at(expr.span));
        }
    }
}
