//! Templates that functions render: `templatefile` and `templatestring`.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_types::suggest::did_you_mean;
use smform_types::{Diagnostic, Diagnostics, SourceMap, Value};

use super::evaluator::{Env, Evaluator};
use super::references::unbound_roots;
use super::{Scope, Subject};
use crate::functions::{FunctionContext, TemplateFault, TemplateRenderer};
use crate::syntax::parse_template;

/// Renders templates with nothing in reach but the variables that they are given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Templates;

impl TemplateRenderer for Templates {
    fn render(
        &self,
        name: &str,
        text: &str,
        variables: &BTreeMap<Arc<str>, Value>,
        cx: &FunctionContext<'_>,
    ) -> Result<Value, TemplateFault> {
        let mut sources = SourceMap::default();
        let source = sources.add(name, text);
        // The text is not of the caller's sources, so its places are told in words.
        let told = |errors: Diagnostics| errors.map(|error| told_in_words(error, &sources));
        let template = parse_template(text, source).map_err(|errors| TemplateFault::Failed(told(errors)))?;
        if let Some(root) = unbound_roots(&template).into_iter().find(|root| !variables.contains_key(&root.text)) {
            let hint = did_you_mean(&root.text, variables.keys().map(|name| &**name));
            let detail =
                format!("The template uses \"{}\", which is not among the variables it is given.{hint}", root.text);
            let error = Diagnostic::error("Invalid reference", detail).at(root.span);
            return Err(TemplateFault::MissingVariable(told(error.into())));
        }
        let evaluator = Evaluator { scope: &Nothing, functions: cx, in_template: true };
        let rendered = evaluator.eval(&template, Env { variables: Some(variables), ..Env::default() });
        rendered.map_err(|errors| TemplateFault::Failed(told(errors.into())))
    }
}

fn told_in_words(error: Diagnostic, sources: &SourceMap) -> Diagnostic {
    let place = error.span.and_then(|span| {
        let source = sources.get(span.source)?;
        let position = source.position(span.start as usize);
        Some(format!("{}:{},{}: ", source.name, position.line, position.column))
    });
    Diagnostic { detail: format!("{}{}", place.unwrap_or_default(), error.detail), span: None, ..error }
}

/// A scope in which there is nothing.
pub(super) struct Nothing;

impl Scope for Nothing {
    fn resolve(&self, _subject: &Subject) -> Result<Value, Diagnostic> {
        Err(Diagnostic::error("Invalid reference", "A template can refer only to the variables it is given."))
    }
}
